// SPDX-License-Identifier: Apache-2.0
//
// What a run is for the launchers of tb/regress, which know nothing of it.
#include "tb/app/regress_runs.h"

#include <algorithm>
#include <fstream>
#include <set>

#include "tb/app/exit_status.h"
#include "tb/app/record.h"
#include "tb/app/run.h"
#include "tb/app/shrink.h"
#include "tb/app/sources.h"
#include "tb/dut/loader.h"
#include "tb/errors.h"
#include "tb/failure/directed_test.h"
#include "tb/regress/local_launcher.h"
#include "tb/regress/part.h"
#include "tb/regress/slurm_launcher.h"

namespace kilburn::tb {
namespace fs = std::filesystem;
using namespace regress;

namespace {

// In the forked child: what `kilburn run` does.
int run_one(const std::vector<std::string>& words, const fs::path& folder) {
  std::ofstream(folder / ".kilburn-run");  // the folder is not empty, and it is a run's
  auto all = words;
  all.insert(all.end(), {"--out", folder.string()});
  return exit_status([&] { return run_command(all); });
}

}  // namespace

void give_own_seeds(TestList& list) {
  for (Test& test : list.tests) {
    const auto word = std::find(test.options.begin(), test.options.end(), "--test");
    if (test.seeds_said || word == test.options.end() || word + 1 == test.options.end()) continue;
    if (!is_directed_test(word[1])) continue;
    try {
      test.seeds = {read_directed_test(fs::path(word[1])).seed};
      test.reseed = 0;
    } catch (const UserError& e) {
      throw UserError(test.place + ": test \"" + test.name + "\": " + e.what());
    }
  }
}

fs::path prepare_run(std::vector<std::string> words) {
  words.insert(words.end(), {"--seed", "1"});
  auto options = parse_run_options(words);
  if (!options || options->list_mappings) throw UserError("the options run nothing");
  std::vector<fs::path> files = options->traces;
  files.insert(files.end(), {options->vectors, options->dump});
  for (const fs::path& file : files) {
    if (!file.empty() && !std::ifstream(file)) throw UserError("the file " + file.string() + " cannot be read");
  }
  for (const std::string& program : options->programs) check_program(program);
  if (!options->vectors.empty()) options->format = vectors_format(*options);
  if (options->dut_is_model()) return {};
  return DutLibrary::load(options->dut, options->format).path();
}

std::unique_ptr<Launcher> make_launcher(const RegressOptions& options, const fs::path& results) {
  if (!options.slurm) return std::make_unique<LocalLauncher>(options.jobs, run_one);
  std::error_code ec;
  return std::make_unique<SlurmLauncher>(results, fs::read_symlink("/proc/self/exe", ec), *options.slurm);
}

int carry_out_part_file(const fs::path& part) {
  const auto runs = read_part(part);
  std::set<std::vector<std::string>> prepared;
  for (const Launch& run : runs) {
    auto words = run.words;
    // The seed, which the runner gave, does not matter here; twice it would be refused.
    for (auto word = words.begin(); word != words.end();) {
      word = *word == "--seed" && word + 1 != words.end() ? words.erase(word, word + 2) : word + 1;
    }
    if (!prepared.insert(words).second) continue;
    try {
      prepare_run(words);
    } catch (const std::exception&) {
      // The run itself will say it, in its own folder.
    }
  }
  LocalLauncher launcher(1, run_one);
  return carry_out_part(part, runs, launcher) ? 0 : 130;
}

}  // namespace kilburn::tb
