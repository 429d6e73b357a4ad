// SPDX-License-Identifier: Apache-2.0
//
// Asks the kernel, the compiler and git.
#include "tb/regress/environment.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/io.hpp>
#include <boost/process/search_path.hpp>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <fstream>
#include <iomanip>
#include <sstream>
#include <thread>

#include "tb/regress/words.h"

namespace kilburn::regress {
namespace fs = std::filesystem;
namespace bp = boost::process;

namespace {

// Standard output of git in `folder`; "" if there is no git, or it says no.
std::string git(const fs::path& folder, std::vector<std::string> words) {
  const auto program = bp::search_path("git");
  if (program.empty()) return "";
  words.insert(words.begin(), {"--no-optional-locks", "-C", folder.string()});
  std::error_code ec;
  bp::ipstream out;
  bp::child child(program, bp::args(words), bp::std_in<bp::null, bp::std_out> out, bp::std_err > bp::null, ec);
  if (ec) return "";
  std::string text;
  for (std::string line; std::getline(out, line);) text += line + "\n";
  child.wait(ec);
  return ec || child.exit_code() != 0 ? "" : text;
}

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) {
      const auto colon = line.find(": ");
      if (colon != std::string::npos) return line.substr(colon + 2);
    }
  }
  return "unknown";
}

std::string date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts);
  return text;
}

}  // namespace

Environment environment_of(const fs::path& sources) {
  Environment all;
  all.emplace_back("date", date());
  utsname machine{};
  if (uname(&machine) == 0) {
    all.emplace_back("machine", machine.nodename);
    all.emplace_back("system", std::string(machine.sysname) + " " + machine.release + " " + machine.machine);
  }
  all.emplace_back("processor", processor() + ", " + plural(std::max(1u, std::thread::hardware_concurrency()), "core"));
  all.emplace_back("compiler", __VERSION__);
  std::string commit = git(sources, {"rev-parse", "HEAD"});
  if (commit.empty()) {
    all.emplace_back("git", "no repository");
    return all;
  }
  commit.erase(commit.find('\n'));
  const std::string changes = git(sources, {"status", "--porcelain", "--untracked-files=no"});
  const auto lines = static_cast<arch::u64>(std::count(changes.begin(), changes.end(), '\n'));
  all.emplace_back("git", commit + (lines == 0 ? ", clean" : ", " + plural(lines, "changed file")));
  return all;
}

std::string digest_of_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return "";
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a, eight bytes at a time: libraries are megabytes
  std::vector<char> block(1 << 16);
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())) || in.gcount() > 0) {
    for (std::streamsize at = 0; at < in.gcount(); at += 8) {
      std::uint64_t word = 0;
      for (std::streamsize n = at; n < std::min(at + 8, in.gcount()); ++n) {
        word = word << 8 | static_cast<unsigned char>(block[static_cast<std::size_t>(n)]);
      }
      hash = (hash ^ word) * 0x100000001b3;
    }
  }
  std::ostringstream text;
  text << std::hex << std::setw(16) << std::setfill('0') << hash;
  return text.str();
}

std::vector<std::string> differences(const Environment& before, const Environment& now) {
  std::vector<std::string> names;
  for (const auto& [name, value] : before) {
    if (name == "date") continue;
    const auto other = std::find_if(now.begin(), now.end(), [&, key = name](const auto& e) { return e.first == key; });
    if (other == now.end() || other->second != value) names.push_back(name);
  }
  for (const auto& [name, value] : now) {
    if (std::none_of(before.begin(), before.end(), [&, key = name](const auto& e) { return e.first == key; })) {
      names.push_back(name);
    }
  }
  return names;
}

}  // namespace kilburn::regress
