// SPDX-License-Identifier: Apache-2.0
//
// A handler that does only what a signal handler may: signal-safety(7).
#include "tb/app/full_disk.h"

#include <unistd.h>

#include <array>
#include <climits>
#include <csignal>
#include <cstring>
#include <string>

namespace kilburn::tb {
namespace {

std::array<std::array<char, PATH_MAX>, std::size(kWaveFiles)> paths;

void on_bus_error(int number, siginfo_t* info, void*) {
  static constexpr char kSentence[] = "kilburn: the waves cannot be written: No space left on device\n";
  if (info->si_code != BUS_ADRERR || ::access(paths[0].data(), F_OK) != 0) {
    ::signal(number, SIG_DFL);
    ::raise(number);  // delivered when this handler returns
    return;
  }
  for (const auto& path : paths) ::unlink(path.data());
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kSentence, sizeof kSentence - 1);
  ::_exit(3);
}

}  // namespace

void watch_for_full_disk(const std::filesystem::path& folder) {
  for (std::size_t n = 0; n < paths.size(); ++n) {
    const std::string path = std::filesystem::absolute(folder / kWaveFiles[n]).string();
    if (path.size() < paths[n].size()) std::memcpy(paths[n].data(), path.c_str(), path.size() + 1);
  }
  struct sigaction action {};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGBUS, &action, nullptr);
}

}  // namespace kilburn::tb
