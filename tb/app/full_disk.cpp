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

constexpr const char* kUnfinished[] = {"waves.fst", "waves.fst.hier", "waves.fst.new", "waves.fst.new.hier",
                                       "transactions.ftr.new"};
std::array<std::array<char, PATH_MAX>, std::size(kUnfinished)> unfinished;

void on_bus_error(int) {
  static constexpr char kSentence[] = "kilburn: the waves cannot be written: No space left on device\n";
  for (const auto& path : unfinished) ::unlink(path.data());
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kSentence, sizeof kSentence - 1);
  ::_exit(3);
}

}  // namespace

void watch_for_full_disk(const std::filesystem::path& folder) {
  for (std::size_t n = 0; n < unfinished.size(); ++n) {
    const std::string path = std::filesystem::absolute(folder / kUnfinished[n]).string();
    if (path.size() < unfinished[n].size()) std::memcpy(unfinished[n].data(), path.c_str(), path.size() + 1);
  }
  struct sigaction action {};
  action.sa_handler = on_bus_error;
  sigaction(SIGBUS, &action, nullptr);
}

}  // namespace kilburn::tb
