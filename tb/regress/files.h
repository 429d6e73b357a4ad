// SPDX-License-Identifier: Apache-2.0
//
// Files that are whole or not there.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

namespace kilburn::regress {

// Throws UserError if the file cannot be read.
std::string read_file(const std::filesystem::path& file);

// Writes beside the file, flushes to the device, renames. Throws EnvironmentError with the reason.
void write_whole(const std::filesystem::path& file, std::string_view content);

// Throws EnvironmentError with the reason.
void make_folder(const std::filesystem::path& folder);

// The right to write into a results folder. The lock is inherited by every test that is started and by what it starts,
// so it is free only when the last of a killed runner's processes is gone.
class FolderLock {
 public:
  // Waits a little for the processes of a runner that was killed. Throws UserError if the folder stays in use,
  // EnvironmentError if it cannot be written.
  explicit FolderLock(const std::filesystem::path& folder,
                      std::chrono::milliseconds patience = std::chrono::seconds(5));
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int file_;
};

}  // namespace kilburn::regress
