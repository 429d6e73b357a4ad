// SPDX-License-Identifier: Apache-2.0
//
// Failures sorted: runs that say the same thing stand together, the one to look at first in front.
#pragma once

#include <string>
#include <vector>

#include "tb/regress/journal.h"

namespace kilburn::regress {

// What a run did not pass for, without what differs from seed to seed: verdict, check and message with every number,
// address and path replaced. One signature need not be one bug, but two signatures are two things to look at.
std::string signature(const Outcome&);

struct Bucket {
  std::string signature;
  std::vector<std::size_t> jobs;  // by cycle of the failure: the smallest reproducer first
};

// Most runs first; then in the plan's order.
std::vector<Bucket> triage(const Results&);

// The runs to make again with waves: the first `most` of every bucket.
std::vector<std::size_t> to_repeat(const Results&, std::size_t most);

}  // namespace kilburn::regress
