// SPDX-License-Identifier: Apache-2.0
//
// Options, the format of a library that is named by its path, one line a check.
#include "tb/app/check_adapter.h"

#include <stdlib.h>

#include <algorithm>
#include <boost/json.hpp>
#include <iostream>

#include "tb/app/command_line.h"
#include "tb/conformance/conformance.h"
#include "tb/errors.h"

namespace kilburn::tb {
namespace json = boost::json;
namespace po = boost::program_options;

namespace {

constexpr arch::Format kFormats[] = {arch::Format::x86_64, arch::Format::alpha, arch::Format::alpha_x64};

// A library has one format; without --format it is found by asking for each.
DutLibrary load(const std::string& dut, const po::variables_map& map) {
  if (dut == "tlm") throw UserError("check-adapter does not take the model tlm: it cannot be made anew at will");
  if (!map["format"].defaulted()) return DutLibrary::load(dut, format_option(map));
  const bool path = dut.find('/') != std::string::npos || dut.ends_with(".so");
  for (const arch::Format format : kFormats) {
    try {
      return DutLibrary::load(dut, format);
    } catch (const UserError&) {
      if (!path) throw;
    }
  }
  return DutLibrary::load(dut, arch::Format::x86_64);  // says what is wrong with it
}

// For wave files; removed at the end.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "kilburn-check-XXXXXX").string();
    if (!mkdtemp(name.data())) throw EnvironmentError("no folder can be made as " + name);
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ec;
    std::filesystem::remove_all(path_, ec);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

void print(const std::vector<ConformanceCheck>& checks, const std::string& head) {
  std::size_t width = 0;
  for (const auto& check : checks) width = std::max(width, check.name.size());
  std::cout << "kilburn  " << head << "\n\n";
  for (const auto& check : checks) {
    std::string line = "  " + check.name;
    line.resize(width + 4, ' ');
    std::cout << line << (check.passed ? "passed  " : "FAILED  ") << check.detail << "\n";
  }
  const auto failed = std::count_if(checks.begin(), checks.end(), [](const auto& check) { return !check.passed; });
  std::cout << "\n  " << (failed == 0 ? "PASSED" : "FAILED") << "  " << checks.size() - static_cast<std::size_t>(failed)
            << " of " << checks.size() << " checks\n";
}

}  // namespace

int check_adapter_command(const std::vector<std::string>& arguments) {
  po::options_description options("Options");
  options.add_options()("format", po::value<std::string>()->default_value("x86-64")->value_name("F"),
                        "page-table format: x86-64, alpha or alpha-x64; by default a library's own")(
      "seed", po::value<std::string>()->default_value("1")->value_name("S"), "seed of every random choice, not 0")(
      "count", po::value<std::string>()->default_value("1000")->value_name("N"),
      "responses to wait for in each kind of traffic")("json", "print the checks as JSON")("help", "this text");
  po::options_description all;
  all.add(options).add_options()("dut", po::value<std::vector<std::string>>());
  po::positional_options_description positional;
  positional.add("dut", -1);
  const po::variables_map map = parse_command_line("check-adapter", arguments, all, positional);
  if (map.count("help")) {
    std::cout
        << "Usage: kilburn check-adapter NAME|PATH.so [options]\n\n"
           "Tests the adapter of a DUT library: the contract, the protocol under back-pressure, delays and resets,\n"
           "ids, repeatability. Exit status: 0 passed, 1 the adapter or the DUT is wrong, 2 the input is wrong,\n"
           "3 the environment failed.\n\n"
        << options;
    return 0;
  }
  if (!map.count("dut") || map["dut"].as<std::vector<std::string>>().size() != 1) {
    throw UserError("check-adapter needs one DUT, a name or a path; see kilburn check-adapter --help");
  }
  const ScratchFolder scratch;
  const ConformanceOptions how{number(map, "seed", 1, ~arch::u64{0}), number(map, "count", 1, 1'000'000),
                               scratch.path()};
  const DutLibrary library = load(map["dut"].as<std::vector<std::string>>().front(), map);
  const auto checks = check_conformance(library, how);
  const bool passed = std::all_of(checks.begin(), checks.end(), [](const auto& check) { return check.passed; });
  const auto format = std::string(arch::name(static_cast<arch::Format>(library.api().config.format)));
  if (map.count("json")) {
    json::array list;
    for (const auto& check : checks) {
      list.push_back({{"name", check.name}, {"passed", check.passed}, {"detail", check.detail}});
    }
    std::cout << json::serialize(json::object{{"dut", library.api().name},
                                              {"format", format},
                                              {"seed", how.seed},
                                              {"passed", passed},
                                              {"checks", std::move(list)}})
              << "\n";
  } else {
    print(checks,
          std::string("adapter of ") + library.api().name + " (" + format + "), seed " + std::to_string(how.seed));
  }
  return passed ? 0 : 1;
}

}  // namespace kilburn::tb
