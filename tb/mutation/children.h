// SPDX-License-Identifier: Apache-2.0
//
// Work done in forked processes, so that a mutant that crashes or hangs takes nobody with it.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace kilburn::mutation {

// How one piece of work ended. `text` is what it had written until then.
struct Ended {
  enum class How { done, crashed, hung, failed };
  How how = How::done;
  int signal = 0;  // crashed
  std::string text;
};

// A line for the parent; what is written stays, whatever happens next.
using Tell = std::function<void(const std::string& line)>;

// Does work(0) to work(count - 1), at most `jobs` at a time, each in a process of its own and for at most `limit`.
// An exception ends a piece with How::failed and its sentence as the last line. `ended(n, ...)` is called here, in the
// order of ending. Throws EnvironmentError if no process can be started.
void in_children(std::size_t count, std::size_t jobs, std::chrono::seconds limit,
                 const std::function<void(std::size_t n, const Tell&)>& work,
                 const std::function<void(std::size_t n, const Ended&)>& ended);

}  // namespace kilburn::mutation
