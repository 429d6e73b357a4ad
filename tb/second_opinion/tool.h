// SPDX-License-Identifier: Apache-2.0
//
// A program of another package: found on the PATH, run in a folder, its messages kept.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace kilburn::tb {

struct ToolResult {
  int status = 0;
  std::string first_message;  // the first line that it wrote to standard error
};

class Tool {
 public:
  // Throws EnvironmentError that names the Debian package.
  static Tool find(const std::string& name, const std::string& package);
  static bool is_there(const std::string& name);

  // Runs in `folder`, with standard error in NAME.err there. `line`, if given, gets each line of standard output and
  // returns false to end the program, whose status then means nothing. Throws EnvironmentError if it cannot start;
  // an exception out of `line` or `idle` ends the program too. `idle` is called several times a second.
  ToolResult run(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
                 const std::function<bool(const std::string&)>& line = {},
                 const std::function<void()>& idle = {}) const;

 private:
  Tool(std::string name, std::string path) : name_(std::move(name)), path_(std::move(path)) {}
  std::string name_, path_;
};

}  // namespace kilburn::tb
