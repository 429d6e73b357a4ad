// SPDX-License-Identifier: Apache-2.0
//
// Slurm's commands, as much of them as the launcher needs.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace kilburn::regress {

struct SlurmOptions {
  std::string partition, account;      // "": the cluster's default
  std::vector<std::string> arguments;  // of sbatch, passed on as they are
  std::size_t at_once = 0;             // jobs of an array that may run at a time; 0: as many as there is room for
  unsigned retries = 2;                // how often a run is begun again that Slurm ended
};

// Throws EnvironmentError if a command is not installed.
void check_slurm();

// An array of jobs, the same in all but its number: from 0 to `jobs` - 1.
struct SlurmArray {
  std::string name;
  std::filesystem::path script;
  std::size_t jobs = 1;
  unsigned minutes = 1;
  unsigned long long megabytes = 1;
};

// Gives back the array's id. Throws EnvironmentError with what sbatch says.
std::string submit(const SlurmArray&, const SlurmOptions&);

// States of all jobs with a name that Slurm still knows, those that ended a short while ago too, by id: "12_3".
// Throws EnvironmentError.
std::map<std::string, std::string> states_of(const std::string& name);

// Ends all jobs with a name; returns when none is left, or after half a minute.
void cancel(const std::string& name);

// Of a state in Slurm's words: the job will not run any more.
bool is_end(const std::string& state);

}  // namespace kilburn::regress
