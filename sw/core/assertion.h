// SPDX-License-Identifier: Apache-2.0
//
// What happens when an assertion of Boost's containers fails, above all of a safe link: a frame put on
// a list twice, or destroyed while on one. Such functions are noexcept, so that nothing can be thrown;
// the process reports and ends with status 70.
#pragma once

#include <functional>
#include <string>

namespace kilburn::os {

inline constexpr int kAssertionStatus = 70;  // EX_SOFTWARE

// While it lives, its text is part of the report.
class FailureReport {
 public:
  using Writer = std::function<std::string()>;
  explicit FailureReport(Writer writer);
  ~FailureReport();
  FailureReport(const FailureReport&) = delete;
  FailureReport& operator=(const FailureReport&) = delete;

 private:
  friend std::string failure_texts();
  Writer writer_;
};

// Of all that live in this thread, the youngest first.
std::string failure_texts();

}  // namespace kilburn::os
