// SPDX-License-Identifier: Apache-2.0
//
// Atomic files and the lock of a results folder.
#include "tb/regress/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <thread>

#include "tb/errors.h"

namespace kilburn::regress {
namespace fs = std::filesystem;
using tb::EnvironmentError;
using tb::UserError;

std::string read_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in.is_open() || in.bad()) throw UserError("the file " + file.string() + " cannot be read");
  return text;
}

void write_whole(const fs::path& file, std::string_view content) {
  const fs::path beside = file.string() + ".new";
  const auto refuse = [&](int error) {
    ::unlink(beside.c_str());
    throw EnvironmentError("the file " + file.string() + " cannot be written: " + std::strerror(error));
  };
  const int out = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (out < 0) refuse(errno);
  while (!content.empty()) {
    const ssize_t written = ::write(out, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int error = errno;
      ::close(out);
      refuse(error);
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  // A full disk may say so only here.
  const int synced = ::fdatasync(out) == 0 ? 0 : errno;
  const int closed = ::close(out) == 0 ? 0 : errno;
  if (synced != 0 && synced != EINVAL) refuse(synced);
  if (closed != 0) refuse(closed);
  if (::rename(beside.c_str(), file.c_str()) != 0) refuse(errno);
}

void make_folder(const fs::path& folder) {
  std::error_code ec;
  fs::create_directories(folder, ec);
  if (ec) throw EnvironmentError("the folder " + folder.string() + " cannot be made: " + ec.message());
}

FolderLock::FolderLock(const fs::path& folder, std::chrono::milliseconds patience) {
  const fs::path path = folder / "lock";
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT, 0666);  // not O_CLOEXEC: inherited through exec too
  if (file_ < 0) {
    throw EnvironmentError("the results folder " + folder.string() + " cannot be written: " + std::strerror(errno));
  }
  const auto limit = std::chrono::steady_clock::now() + patience;
  while (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    if (error != EWOULDBLOCK && error != EINTR) {
      ::close(file_);
      throw EnvironmentError("the results folder " + folder.string() + " cannot be locked: " + std::strerror(error));
    }
    if (std::chrono::steady_clock::now() > limit) {
      ::close(file_);
      throw UserError("the results folder " + folder.string() + " is in use by another kilburn regress");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

FolderLock::~FolderLock() { ::close(file_); }

}  // namespace kilburn::regress
