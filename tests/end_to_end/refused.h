// SPDX-License-Identifier: Apache-2.0
//
// Wrong input: one clear sentence and status 2, nothing left behind.
#pragma once

#include <algorithm>

#include "tests/catch.h"
#include "tests/end_to_end/kilburn.h"

namespace kilburn::test {

inline void refused(const std::vector<std::string>& words, const std::string& reason) {
  const Folder folder;
  const Ran ran = folder.run(words);
  std::string line;
  for (const auto& word : words) line += word + " ";
  INFO(line << "\n" << ran.out << ran.err);
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Catch::Contains(reason));
  CHECK(ran.err.substr(0, 9) == "kilburn: ");
  CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
  CHECK(ran.out.empty());
  CHECK(folder.empty());
}

inline void refused_run(std::vector<std::string> options, const std::string& reason) {
  options.insert(options.begin(), "run");
  refused(options, reason);
}

}  // namespace kilburn::test
