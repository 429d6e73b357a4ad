// SPDX-License-Identifier: Apache-2.0
//
// The handler that BOOST_ENABLE_ASSERT_HANDLER asks for.
#include "sw/core/assertion.h"

#include <algorithm>
#include <boost/assert.hpp>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace kilburn::os {

namespace {
std::vector<const FailureReport*>& reports() {
  thread_local std::vector<const FailureReport*> list;
  return list;
}
}  // namespace

FailureReport::FailureReport(Writer writer) : writer_(std::move(writer)) { reports().push_back(this); }
FailureReport::~FailureReport() { std::erase(reports(), this); }

std::string failure_texts() {
  std::string out;
  for (auto at = reports().rbegin(); at != reports().rend(); ++at) out += (*at)->writer_();
  return out;
}

}  // namespace kilburn::os

namespace boost {

void assertion_failed_msg(char const* expression, char const* message, char const* function, char const* file,
                          long line) {
  std::fprintf(stderr, "assertion failed: %s%s%s\n  in %s\n  at %s:%ld\n%s", expression, message[0] != '\0' ? ": " : "",
               message, function, file, line, kilburn::os::failure_texts().c_str());
  std::fflush(nullptr);
  // Not exit(): destructors would meet the broken list again.
  std::_Exit(kilburn::os::kAssertionStatus);
}

void assertion_failed(char const* expression, char const* function, char const* file, long line) {
  assertion_failed_msg(expression, "", function, file, line);
}

}  // namespace boost
