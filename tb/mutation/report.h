// SPDX-License-Identifier: Apache-2.0
//
// Results of a campaign as a table for people, for machines, and for tb/mutation/README.md.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "tb/mutation/campaign.h"

namespace kilburn::mutation {

std::string text_line(const Result&);                  // one line, aligned
std::string text_summary(const std::vector<Result>&);  // counts, by DUT and format, and the verdict
boost::json::object to_json(const Campaign&, const std::vector<Result>&);
std::string markdown(const std::vector<Result>&);  // the tables of README.md

}  // namespace kilburn::mutation
