// SPDX-License-Identifier: Apache-2.0
//
// The runs of a regression and where they are made: in processes forked from this one, or in jobs of Slurm.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tb/app/regress_options.h"
#include "tb/regress/launcher.h"
#include "tb/regress/test_list.h"

namespace kilburn::tb {

// A directed test that the list says no seeds for is made once, with its file's own: the one that it was found with.
void give_own_seeds(regress::TestList&);

// Looks at everything that a run needs, and loads its DUT: forked runs find it in memory. Returns the library's path,
// empty for a model. Throws UserError.
std::filesystem::path prepare_run(std::vector<std::string> words);

std::unique_ptr<regress::Launcher> make_launcher(const RegressOptions&, const std::filesystem::path& results);

// `kilburn regress --part FILE`, which Slurm's jobs call. Returns the exit status.
int carry_out_part_file(const std::filesystem::path& part);

}  // namespace kilburn::tb
