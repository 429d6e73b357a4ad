// SPDX-License-Identifier: Apache-2.0
//
// Running programs of other packages.
#include "tb/second_opinion/tool.h"

#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/io.hpp>
#include <boost/process/pipe.hpp>
#include <boost/process/search_path.hpp>
#include <boost/process/start_dir.hpp>
#include <chrono>
#include <fstream>
#include <thread>

#include "tb/errors.h"

namespace kilburn::tb {
namespace bp = boost::process;

namespace {

// Ends the program when the one who reads from it is gone.
struct Ended {
  bp::child& child;
  ~Ended() {
    std::error_code ec;
    if (child.running(ec)) child.terminate(ec);
    child.wait(ec);
  }
};

std::string first_line(const std::filesystem::path& file) {
  std::ifstream lines(file);
  std::string line;
  while (std::getline(lines, line) && line.empty()) {
  }
  return line;
}

}  // namespace

Tool Tool::find(const std::string& name, const std::string& package) {
  const auto path = bp::search_path(name);
  if (path.empty()) {
    throw EnvironmentError(name + " is not installed; a second opinion needs it (package " + package + ")");
  }
  return Tool(name, path.string());
}

bool Tool::is_there(const std::string& name) { return !bp::search_path(name).empty(); }

ToolResult Tool::run(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
                     const std::function<bool(const std::string&)>& line, const std::function<void()>& idle) const {
  const auto errors = std::filesystem::absolute(folder) / (name_ + ".err");
  std::error_code ec;
  bp::ipstream output;
  bp::child child;
  if (line) {
    child = bp::child(path_, bp::args(arguments), bp::start_dir(folder.string()),
                      bp::std_in<bp::null, bp::std_out> output, bp::std_err > errors.string(), ec);
  } else {
    child = bp::child(path_, bp::args(arguments), bp::start_dir(folder.string()),
                      bp::std_in<bp::null, bp::std_out> bp::null, bp::std_err > errors.string(), ec);
  }
  if (ec) throw EnvironmentError(name_ + " cannot be started: " + ec.message());
  const Ended ended{child};
  if (line) {
    for (std::string text; std::getline(output, text);) {
      if (!line(text)) return {0, ""};
    }
  }
  while (idle && child.running(ec)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    idle();
  }
  child.wait(ec);
  return {child.exit_code(), first_line(errors)};
}

}  // namespace kilburn::tb
