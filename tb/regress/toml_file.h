// SPDX-License-Identifier: Apache-2.0
//
// TOML with the place of every key, so that a complaint can name file, line and key. The only file that knows
// which TOML library reads it is toml_file.cpp.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/arch/types.h"

namespace kilburn::regress {

// A table of a file; valid as long as its TomlFile. Every function throws UserError "FILE:LINE: KEY: reason" for a
// value of the wrong kind or out of range; a missing key gives the default, or nothing.
class TomlTable {
 public:
  using u64 = arch::u64;

  bool has(const std::string& key) const;
  std::vector<std::string> keys() const;                      // as written in the file, by line
  void only(std::initializer_list<const char*> known) const;  // throws for any other key
  std::string place(const std::string& key) const;            // "FILE:LINE" of a key, of the table if it is missing

  bool boolean(const std::string& key, bool usual) const;
  u64 number(const std::string& key, u64 usual, u64 low, u64 high) const;
  u64 required_number(const std::string& key, u64 low, u64 high) const;
  std::vector<u64> numbers(const std::string& key, u64 low) const;
  double positive_seconds(const std::string& key, double usual) const;
  std::string required_string(const std::string& key) const;
  std::vector<std::string> strings(const std::string& key) const;
  std::vector<std::string> required_strings(const std::string& key) const;  // at least one
  std::optional<TomlTable> table(const std::string& key) const;
  std::vector<TomlTable> tables(const std::string& key) const;

 private:
  friend class TomlFile;
  struct View;
  explicit TomlTable(std::shared_ptr<const View> view) : view_(std::move(view)) {}
  [[noreturn]] void refuse(const std::string& key, const std::string& reason) const;
  std::shared_ptr<const View> view_;
};

class TomlFile {
 public:
  // Throws UserError: no such file, or not TOML.
  explicit TomlFile(const std::filesystem::path& file);
  TomlTable top() const { return top_; }

 private:
  static TomlTable read(const std::filesystem::path& file);
  TomlTable top_;
};

}  // namespace kilburn::regress
