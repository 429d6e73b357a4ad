// SPDX-License-Identifier: Apache-2.0
//
// TOML through toml11, versions 3 and 4 of which name places differently.
#include "tb/regress/toml_file.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <toml.hpp>

#include "tb/errors.h"

namespace kilburn::regress {
namespace fs = std::filesystem;
using tb::UserError;

struct TomlTable::View {
  std::shared_ptr<const toml::value> root;  // keeps `value` alive
  const toml::value* value;
  std::string file;
  std::string path;  // "test.vary." before its keys; empty at the top
};

namespace {

std::size_t line_of(const toml::source_location& place) {
#if TOML11_VERSION_MAJOR >= 4
  return place.first_line_number();
#else
  return place.line();
#endif
}

std::string text_of(const toml::value& value) {
#if TOML11_VERSION_MAJOR >= 4
  return value.as_string();
#else
  return value.as_string().str;
#endif
}

std::string quoted_kind(const toml::value& value) {
  if (value.is_string()) return "a string";
  if (value.is_integer()) return "a whole number";
  if (value.is_floating()) return "a number with a fraction";
  if (value.is_boolean()) return "true or false";
  if (value.is_array()) return "an array";
  if (value.is_table()) return "a table";
  return "a date or time";
}

// The first line of the library's message, which goes on with a drawing of the place.
std::string reason(const std::string& what) {
  std::string line = what.substr(0, what.find('\n'));
  if (line.starts_with("[error] ")) line.erase(0, 8);
  if (const auto at = line.find("toml::"); at == 0) {
    const auto colon = line.find(": ");
    if (colon != std::string::npos) line.erase(0, colon + 2);
  }
  return line;
}

}  // namespace

TomlFile::TomlFile(const fs::path& file) : top_(read(file)) {}

TomlTable TomlFile::read(const fs::path& file) {
  std::error_code ec;
  if (fs::is_directory(file, ec)) throw UserError("the list " + file.string() + " is a folder");
  std::ifstream text(file, std::ios::binary);
  if (!text) throw UserError("the list " + file.string() + " cannot be read");
  try {
    auto root = std::make_shared<const toml::value>(toml::parse(text, file.string()));
    auto view = std::make_shared<TomlTable::View>();
    view->root = root;
    view->value = root.get();
    view->file = file.string();
    return TomlTable(view);
  } catch (const toml::syntax_error& e) {
#if TOML11_VERSION_MAJOR >= 4
    throw UserError(file.string() + ": not TOML: " + reason(e.what()));
#else
    throw UserError(file.string() + ":" + std::to_string(line_of(e.location())) + ": not TOML: " + reason(e.what()));
#endif
  } catch (const std::exception& e) {  // bytes that are no UTF-8, a number that no type holds
    throw UserError(file.string() + ": not TOML: " + reason(e.what()));
  }
}

bool TomlTable::has(const std::string& key) const { return view_->value->as_table().count(key) != 0; }

std::vector<std::string> TomlTable::keys() const {
  std::vector<std::pair<std::size_t, std::string>> found;
  for (const auto& [key, value] : view_->value->as_table()) found.emplace_back(line_of(value.location()), key);
  std::sort(found.begin(), found.end());
  std::vector<std::string> names;
  for (auto& [line, key] : found) names.push_back(key);
  return names;
}

std::string TomlTable::place(const std::string& key) const {
  const auto& table = view_->value->as_table();
  const auto at = table.find(key);
  const toml::value& value = at == table.end() ? *view_->value : at->second;
  return view_->file + ":" + std::to_string(line_of(value.location()));
}

void TomlTable::refuse(const std::string& key, const std::string& why) const {
  throw UserError(place(key) + ": " + view_->path + key + ": " + why);
}

void TomlTable::only(std::initializer_list<const char*> known) const {
  for (const std::string& key : keys()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    std::string names;
    for (const char* name : known) names += (names.empty() ? "" : ", ") + std::string(name);
    refuse(key, "there is no such key; there are: " + names);
  }
}

bool TomlTable::boolean(const std::string& key, bool usual) const {
  if (!has(key)) return usual;
  const toml::value& value = view_->value->as_table().at(key);
  if (!value.is_boolean()) refuse(key, "needs true or false, not " + quoted_kind(value));
  return value.as_boolean();
}

arch::u64 TomlTable::number(const std::string& key, u64 usual, u64 low, u64 high) const {
  return has(key) ? required_number(key, low, high) : usual;
}

arch::u64 TomlTable::required_number(const std::string& key, u64 low, u64 high) const {
  if (!has(key)) refuse(key, "is missing");
  const toml::value& value = view_->value->as_table().at(key);
  if (!value.is_integer()) refuse(key, "needs a whole number, not " + quoted_kind(value));
  const auto number = value.as_integer();
  if (number < 0 || static_cast<u64>(number) < low || static_cast<u64>(number) > high) {
    refuse(key, "needs a whole number from " + std::to_string(low) + " to " + std::to_string(high) + ", not " +
                    std::to_string(number));
  }
  return static_cast<u64>(number);
}

std::vector<arch::u64> TomlTable::numbers(const std::string& key, u64 low) const {
  std::vector<u64> all;
  if (!has(key)) return all;
  const toml::value& value = view_->value->as_table().at(key);
  if (!value.is_array()) refuse(key, "needs an array of whole numbers, not " + quoted_kind(value));
  for (const toml::value& element : value.as_array()) {
    if (!element.is_integer()) refuse(key, "needs whole numbers, not " + quoted_kind(element));
    const auto number = element.as_integer();
    if (number < 0 || static_cast<u64>(number) < low) {
      refuse(key, "needs whole numbers from " + std::to_string(low) + ", not " + std::to_string(number));
    }
    all.push_back(static_cast<u64>(number));
  }
  return all;
}

double TomlTable::positive_seconds(const std::string& key, double usual) const {
  if (!has(key)) return usual;
  const toml::value& value = view_->value->as_table().at(key);
  if (!value.is_integer() && !value.is_floating()) refuse(key, "needs seconds, not " + quoted_kind(value));
  const double seconds = value.is_integer() ? static_cast<double>(value.as_integer()) : value.as_floating();
  if (!(seconds > 0) || seconds > 1e7) refuse(key, "needs seconds above 0, up to ten million");
  return seconds;
}

std::string TomlTable::required_string(const std::string& key) const {
  if (!has(key)) refuse(key, "is missing");
  const toml::value& value = view_->value->as_table().at(key);
  if (!value.is_string()) refuse(key, "needs a string, not " + quoted_kind(value));
  return text_of(value);
}

std::vector<std::string> TomlTable::strings(const std::string& key) const {
  std::vector<std::string> all;
  if (!has(key)) return all;
  const toml::value& value = view_->value->as_table().at(key);
  if (!value.is_array()) refuse(key, "needs an array of strings, not " + quoted_kind(value));
  for (const toml::value& element : value.as_array()) {
    if (!element.is_string()) refuse(key, "needs strings, not " + quoted_kind(element));
    all.push_back(text_of(element));
  }
  return all;
}

std::vector<std::string> TomlTable::required_strings(const std::string& key) const {
  if (!has(key)) refuse(key, "is missing");
  auto all = strings(key);
  if (all.empty()) refuse(key, "is empty");
  return all;
}

std::optional<TomlTable> TomlTable::table(const std::string& key) const {
  if (!has(key)) return std::nullopt;
  const toml::value& value = view_->value->as_table().at(key);
  if (!value.is_table()) refuse(key, "needs a table, not " + quoted_kind(value));
  auto view = std::make_shared<View>(*view_);
  view->value = &value;
  view->path += key + ".";
  return TomlTable(view);
}

std::vector<TomlTable> TomlTable::tables(const std::string& key) const {
  std::vector<TomlTable> all;
  if (!has(key)) return all;
  const toml::value& value = view_->value->as_table().at(key);
  if (!value.is_array()) refuse(key, "needs [[" + key + "]] tables, not " + quoted_kind(value));
  for (const toml::value& element : value.as_array()) {
    if (!element.is_table()) refuse(key, "needs [[" + key + "]] tables, not " + quoted_kind(element));
    auto view = std::make_shared<View>(*view_);
    view->value = &element;
    view->path += key + ".";
    all.push_back(TomlTable(view));
  }
  return all;
}

}  // namespace kilburn::regress
