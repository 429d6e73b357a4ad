// SPDX-License-Identifier: Apache-2.0
//
// JSON of parts, and the loop of the machine that has one.
#include "tb/regress/part.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>

#include "tb/errors.h"
#include "tb/regress/files.h"

namespace kilburn::regress {
namespace fs = std::filesystem;
namespace json = boost::json;

std::string part_text(const std::vector<Launch>& runs) {
  json::array all;
  for (const Launch& run : runs) {
    all.push_back(json::object{{"ticket", run.ticket},
                               {"words", json::array(run.words.begin(), run.words.end())},
                               {"folder", run.folder.string()},
                               {"time_limit", run.time_limit},
                               {"memory_limit", run.memory_limit}});
  }
  return json::serialize(json::object{{"kilburn_part", 1}, {"runs", std::move(all)}}) + "\n";
}

std::vector<Launch> read_part(const fs::path& file) {
  const std::string content = read_file(file);
  std::vector<Launch> runs;
  try {
    const json::value value = json::parse(content);
    if (value.at("kilburn_part").to_number<int>() != 1) throw std::out_of_range("another version");
    for (const auto& one : value.at("runs").as_array()) {
      Launch run;
      run.ticket = one.at("ticket").to_number<std::size_t>();
      for (const auto& word : one.at("words").as_array()) run.words.emplace_back(word.as_string());
      run.folder = std::string(one.at("folder").as_string());
      run.time_limit = one.at("time_limit").to_number<double>();
      run.memory_limit = one.at("memory_limit").to_number<u64>();
      runs.push_back(std::move(run));
    }
  } catch (const std::exception& e) {
    throw tb::UserError(file.string() + " is not a part of a regression that this kilburn can read (" + e.what() + ")");
  }
  return runs;
}

fs::path ended_file(const fs::path& part) { return fs::path(part).replace_extension(".ended"); }

std::vector<EndedLine> read_ended(const fs::path& file, std::size_t& offset) {
  std::vector<EndedLine> all;
  std::ifstream in(file, std::ios::binary);  // opened afresh: a network file system looks again only then
  in.seekg(static_cast<std::streamoff>(offset));
  for (std::string line; std::getline(in, line) && !in.eof(); offset += line.size() + 1) {
    boost::system::error_code ec;
    const json::value value = json::parse(line, ec);
    if (ec || !value.is_object()) continue;  // cut by the end of its machine
    try {
      EndedLine one;
      one.folder = std::string(value.at("folder").as_string());
      one.finished.ticket = value.at("ticket").to_number<std::size_t>();
      Ended& ended = one.finished.ended;
      ended.status = value.at("status").to_number<int>();
      ended.signal = value.at("signal").to_number<int>();
      ended.timed_out = value.at("timed_out").as_bool();
      ended.seconds = value.at("seconds").to_number<double>();
      ended.peak_memory = value.at("peak_memory").to_number<u64>();
      ended.machine = std::string(value.at("machine").as_string());
      all.push_back(std::move(one));
    } catch (const std::exception&) {
      continue;
    }
  }
  return all;
}

namespace {

std::string line_of(const Launch& run, const Finished& finished, const std::string& machine) {
  const Ended& ended = finished.ended;
  return json::serialize(json::object{{"ticket", finished.ticket},
                                      {"folder", run.folder.string()},
                                      {"status", ended.status},
                                      {"signal", ended.signal},
                                      {"timed_out", ended.timed_out},
                                      {"seconds", ended.seconds},
                                      {"peak_memory", ended.peak_memory},
                                      {"machine", machine}}) +
         "\n";
}

// One write a line, and closed: on a network file system others see it from then on.
void append(const fs::path& file, const std::string& line) {
  const int out = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  const bool written = out >= 0 && ::write(out, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  const int error = errno;
  if (out >= 0 && ::close(out) == 0 && written) return;
  throw tb::EnvironmentError("the file " + file.string() + " cannot be written: " + std::strerror(error));
}

}  // namespace

bool carry_out_part(const fs::path& part, const std::vector<Launch>& runs, Launcher& launcher) {
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  const std::string machine(host, std::strcspn(host, "."));
  std::map<std::size_t, const Launch*> by_ticket;
  for (const Launch& run : runs) by_ticket[run.ticket] = &run;
  const auto take = [&](const std::optional<Finished>& finished) {
    if (finished) append(ended_file(part), line_of(*by_ticket.at(finished->ticket), *finished, machine));
    return finished.has_value();
  };
  for (const Launch& run : runs) {
    while (launcher.free_slots() == 0) {
      if (!take(launcher.wait())) return false;
    }
    make_folder(run.folder.parent_path());
    launcher.start(run);
  }
  while (take(launcher.wait())) {
  }
  return !launcher.stop_asked();
}

}  // namespace kilburn::regress
