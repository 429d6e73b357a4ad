// SPDX-License-Identifier: Apache-2.0
//
// Boost.Program_options with one style and one sentence for what is wrong.
#include "tb/app/command_line.h"

#include "tb/errors.h"
#include "tb/stimulus/fields.h"

namespace kilburn::tb {
namespace po = boost::program_options;
using arch::u64;

po::variables_map parse_command_line(const std::string& command, const std::vector<std::string>& arguments,
                                     const po::options_description& known,
                                     const po::positional_options_description& positional,
                                     const std::string& too_many) {
  const std::string see = "; see kilburn " + command + " --help";
  try {
    po::variables_map map;
    po::store(po::command_line_parser(arguments)
                  .options(known)
                  .positional(positional)
                  .style(po::command_line_style::unix_style & ~po::command_line_style::allow_guessing)
                  .run(),
              map);
    po::notify(map);
    return map;
  } catch (const po::too_many_positional_options_error& e) {
    throw UserError((too_many.empty() ? e.what() : too_many) + see);
  } catch (const po::error& e) {
    throw UserError(e.what() + see);
  }
}

// As text, because the library would take "-1" for an unsigned.
u64 number(const po::variables_map& map, const std::string& option, u64 low, u64 high) {
  const auto& text = map[option].as<std::string>();
  const auto value = whole_number(text, 10);
  if (!value || *value < low || *value > high) {
    throw UserError("--" + option + " needs a whole number from " + std::to_string(low) + " to " +
                    std::to_string(high) + ", not " + in_quotes(text));
  }
  return *value;
}

u64 hex_number(const po::variables_map& map, const std::string& option, u64 high) {
  const auto& given = map[option].as<std::string>();
  std::string_view text = given;
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  const auto value = whole_number(text, 16);
  if (!value || *value > high) {
    throw UserError("--" + option + " needs a hexadecimal number, not " + in_quotes(given));
  }
  return *value;
}

std::optional<std::pair<u64, u64>> cycle_window(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto first = whole_number(text.substr(0, colon), 10), last = whole_number(text.substr(colon + 1), 10);
  if (!first || !last) return std::nullopt;
  return std::pair(*first, *last);
}

arch::Format format_option(const po::variables_map& map) {
  const auto& name = map["format"].as<std::string>();
  const auto format = arch::format_from_name(name);
  if (!format) throw UserError("there is no format \"" + name + "\"; there are: x86-64, alpha, alpha-x64");
  return *format;
}

}  // namespace kilburn::tb
