// SPDX-License-Identifier: Apache-2.0
//
// `kilburn plan`: which requirement is shown by which test, and what came of it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tb/regress/report.h"

namespace kilburn::tb {

int plan_command(const std::vector<std::string>& arguments);

// The plan beside the regression lists in `sources`, with what `report`, the coverage in its folder and JUnit files of
// CTest say; nothing if there is no plan. Throws UserError.
std::optional<regress::PlanState> plan_state(const std::filesystem::path& sources, const regress::Report& report,
                                             const std::filesystem::path& folder,
                                             const std::vector<std::string>& junit);

}  // namespace kilburn::tb
