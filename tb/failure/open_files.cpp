// SPDX-License-Identifier: Apache-2.0
//
// fork() shares file offsets, and contents anyway: a copy that sleeps would wake up to the files of a later time.
#include "tb/failure/open_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>

namespace kilburn::tb {
namespace {

// Only what was written of a file with holes. False if that is not possible.
bool copy_contents(int from, int to, off_t size) {
  static std::array<char, 1 << 16> buffer;
  if (ftruncate(to, size) != 0) return false;
  for (off_t at = lseek(from, 0, SEEK_DATA); at >= 0 && at < size; at = lseek(from, at, SEEK_DATA)) {
    const off_t end = lseek(from, at, SEEK_HOLE);
    if (end < 0) return false;
    while (at < end) {
      const auto wanted = static_cast<size_t>(std::min<off_t>(end - at, buffer.size()));
      const ssize_t got = pread(from, buffer.data(), wanted, at);
      if (got <= 0 || pwrite(to, buffer.data(), static_cast<size_t>(got), at) != got) return false;
      at += got;
    }
  }
  return true;
}

}  // namespace

OpenFiles::OpenFiles() {
  DIR* folder = opendir("/proc/self/fd");
  complete_ = folder != nullptr;
  if (!complete_) return;
  std::vector<int> open;
  while (const dirent* entry = readdir(folder)) {
    const int descriptor = std::atoi(entry->d_name);  // 0 for "." and "..", which are passed over like 0 itself
    if (descriptor > STDERR_FILENO && descriptor != dirfd(folder)) open.push_back(descriptor);
  }
  closedir(folder);
  off_t bytes = 0;
  complete_ = std::all_of(open.begin(), open.end(), [&](int descriptor) { return note(descriptor, bytes); });
}

bool OpenFiles::note(int descriptor, off_t& bytes) {
  struct stat status {};
  if (fstat(descriptor, &status) != 0) return false;
  if (!S_ISREG(status.st_mode)) return true;
  const off_t offset = lseek(descriptor, 0, SEEK_CUR);
  const int flags = fcntl(descriptor, F_GETFL);
  if (offset < 0 || flags < 0) return false;
  File file{descriptor, offset, -1};
  if ((flags & O_ACCMODE) != O_RDONLY) {
    file.contents = memfd_create("kilburn", MFD_CLOEXEC);
    if (file.contents < 0) return false;
    files_.push_back(file);
    if ((flags & O_ACCMODE) == O_WRONLY) return true;  // a log: nobody reads it back
    bytes += status.st_size;
    if (bytes > kMostBytes) return false;
    const bool copied = copy_contents(descriptor, file.contents, status.st_size);
    return lseek(descriptor, offset, SEEK_SET) == offset && copied;
  }
  files_.push_back(file);
  return true;
}

OpenFiles::~OpenFiles() {
  for (const File& file : files_) {
    if (file.contents >= 0) ::close(file.contents);
  }
}

bool OpenFiles::take() {
  for (const File& file : files_) {
    const int fresh = file.contents >= 0
                          ? fcntl(file.contents, F_DUPFD_CLOEXEC, 0)
                          : ::open(("/proc/self/fd/" + std::to_string(file.descriptor)).c_str(), O_RDONLY | O_CLOEXEC);
    if (fresh < 0 || lseek(fresh, file.offset, SEEK_SET) != file.offset) return false;
    if (dup3(fresh, file.descriptor, O_CLOEXEC) < 0) return false;
    ::close(fresh);
  }
  return true;
}

}  // namespace kilburn::tb
