// SPDX-License-Identifier: Apache-2.0
//
// Misuse of a safe link ends the process with a report and status 70, whatever the build type.
#include "sw/core/assertion.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "sw/mm/frame.h"
#include "tests/catch.h"

namespace kilburn::os {
namespace {

// Runs `misuse` in a child process: its exit status, and what it wrote to stderr.
template <class Misuse>
std::pair<int, std::string> in_child(Misuse&& misuse) {
  std::array<int, 2> pipe_ends{};
  REQUIRE(pipe(pipe_ends.data()) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    dup2(pipe_ends[1], STDERR_FILENO);
    misuse();
    _exit(0);
  }
  close(pipe_ends[1]);
  std::string text;
  std::array<char, 256> buffer{};
  for (ssize_t n; (n = read(pipe_ends[0], buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<size_t>(n));
  }
  close(pipe_ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text};
}

TEST_CASE("assertion: a frame on two lists is reported with what is known of it, and ends with status 70") {
  const auto [status, text] = in_child([] {
    MemMap map(4);
    FrameList one, two;
    const FailureReport report([] { return "the history of frame 2\n"; });
    one.push_back(map[2]);
    two.push_back(map[2]);
  });
  CHECK(status == kAssertionStatus);
  CHECK(text.find("assertion failed: ") == 0);
  CHECK(text.find("the history of frame 2\n") != std::string::npos);
}

TEST_CASE("assertion: a list that is used as it should be ends nothing, and a report that is over is not told") {
  const auto [status, text] = in_child([] {
    MemMap map(4);
    FrameList one;
    {
      const FailureReport report([] { return "over\n"; });
    }
    one.push_back(map[2]);
    one.clear();
    if (!failure_texts().empty()) _exit(1);
  });
  CHECK(status == 0);
  CHECK(text.empty());
}

}  // namespace
}  // namespace kilburn::os
