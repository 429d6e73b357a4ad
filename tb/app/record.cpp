// SPDX-License-Identifier: Apache-2.0
//
// Recording through valgrind's lackey tool.
#include "tb/app/record.h"

#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/io.hpp>
#include <boost/process/search_path.hpp>
#include <boost/program_options/parsers.hpp>
#include <chrono>
#include <fstream>
#include <thread>

#include "tb/app/interrupt.h"
#include "tb/errors.h"
#include "tb/lockstep/lockstep.h"

namespace kilburn::tb {
namespace bp = boost::process;

void check_program(const std::string& command) {
  const auto words = boost::program_options::split_unix(command);
  if (words.empty()) throw UserError("--program is empty");
  std::error_code ec;
  const bool is_path = words[0].find('/') != std::string::npos;
  const bool exists = is_path ? std::filesystem::is_regular_file(words[0], ec) : !bp::search_path(words[0]).empty();
  if (!exists) throw UserError("the program \"" + words[0] + "\" does not exist" + (is_path ? "" : " on the PATH"));
  if (bp::search_path("valgrind").empty()) {
    throw EnvironmentError("valgrind is not installed; --program records through it");
  }
}

int record_program(const std::string& command, const std::filesystem::path& log, const std::filesystem::path& output) {
  check_program(command);
  const auto words = boost::program_options::split_unix(command);
  const auto valgrind = bp::search_path("valgrind");
  std::error_code ec;
  // A forked child writes a log of its own (%p), so that two processes never mix in one file.
  std::vector<std::string> arguments = {"--tool=lackey", "--trace-mem=yes", "--trace-syscalls=yes",
                                        "--log-file=" + log.string() + ".%p"};
  arguments.insert(arguments.end(), words.begin(), words.end());
  bp::child child(valgrind, bp::args(arguments), bp::std_in<bp::null, bp::std_out> output.string(),
                  bp::std_err > (output.string() + ".err"), ec);
  if (ec) throw EnvironmentError("valgrind cannot be started: " + ec.message());
  const auto first_log = log.string() + "." + std::to_string(child.id());
  while (child.running()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    if (interrupted()) {
      child.terminate();
      throw Interrupted();
    }
  }
  if (interrupted()) throw Interrupted();
  if (!std::filesystem::exists(first_log, ec) || std::filesystem::file_size(first_log, ec) == 0) {
    std::ifstream errors(output.string() + ".err");
    std::string line;
    std::getline(errors, line);
    throw UserError("the program \"" + words[0] + "\" cannot be recorded" + (line.empty() ? "" : ": " + line));
  }
  std::filesystem::rename(first_log, log, ec);
  if (ec) throw EnvironmentError("the recorded trace " + log.string() + " cannot be written: " + ec.message());
  return child.exit_code();
}

}  // namespace kilburn::tb
