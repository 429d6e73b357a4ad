// SPDX-License-Identifier: Apache-2.0
//
// The files that a process has open, as a forked copy of it needs them: where they stood, with what they held then.
#pragma once

#include <sys/types.h>

#include <vector>

namespace kilburn::tb {

class OpenFiles {
 public:
  // Before fork(). Files that are open for reading and writing are copied into memory, up to kMostBytes together.
  OpenFiles();
  ~OpenFiles();
  OpenFiles(const OpenFiles&) = delete;
  OpenFiles& operator=(const OpenFiles&) = delete;

  bool complete() const { return complete_; }  // false: too much to copy, or something could not be
  // In the forked copy: puts its own files in the place of those that it shares. False if that fails.
  bool take();

  static constexpr off_t kMostBytes = 64 << 20;

 private:
  struct File {
    int descriptor;
    off_t offset;  // bytes
    int contents;  // of a written file: its copy; else -1
  };
  bool note(int descriptor, off_t& bytes);

  std::vector<File> files_;
  bool complete_ = true;
};

}  // namespace kilburn::tb
