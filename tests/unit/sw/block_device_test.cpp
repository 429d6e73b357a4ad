// SPDX-License-Identifier: Apache-2.0
//
// Devices, and the planned faults.
#include "sw/io/block_device.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "sw/core/errors.h"
#include "sw/io/faulty_device.h"
#include "tests/catch.h"

namespace kilburn::os {
namespace {

std::vector<std::byte> bytes(int value, size_t n = 512) {
  return std::vector<std::byte>(n, static_cast<std::byte>(value));
}

TEST_CASE("block device: a host file keeps what is written and goes away") {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("kilburn_swap_" + std::to_string(getpid()))).string();
  {
    FileDevice device(path);
    CHECK(device.write(4096, bytes(5)) == 0);
    auto out = bytes(0);
    CHECK(device.read(4096, out) == 0);
    CHECK(out == bytes(5));
    CHECK(device.read(0, out) == 0);  // a hole
    CHECK(out == bytes(0));
    CHECK(device.read(8192, out) == EIO);  // past the end
    std::filesystem::resize_file(path, 4200);
    CHECK(device.read(4096, out) == EIO);  // cut off by somebody: an error, no signal
  }
  CHECK_FALSE(std::filesystem::exists(path));
  CHECK_THROWS_AS(FileDevice("/nonexistent/folder/swap"), UserError);
}

TEST_CASE("block device: a full host file system is an error value") {
  if (access("/dev/full", W_OK) != 0) return;
  // /dev/full refuses every write with ENOSPC; it is opened by a link so that the link, not it, is removed.
  const std::string path =
      (std::filesystem::temp_directory_path() / ("kilburn_full_" + std::to_string(getpid()))).string();
  std::filesystem::create_symlink("/dev/full", path);
  FileDevice device(path);
  CHECK(device.write(0, bytes(1)) == ENOSPC);
}

TEST_CASE("block device: faults come where they are planned") {
  MemoryDevice under;
  FaultyDevice device(under, {{FaultyDevice::Fault::eio, true, 1, 1},
                              {FaultyDevice::Fault::lost, true, 2, 2},
                              {FaultyDevice::Fault::misdirect, true, 3, 3},
                              {FaultyDevice::Fault::flip, false, 1, 1}});
  CHECK(device.write(0, bytes(1)) == 0);
  CHECK(device.write(0, bytes(2)) == EIO);
  CHECK(device.write(0, bytes(3)) == 0);  // lost
  auto out = bytes(0);
  CHECK(device.read(0, out) == 0);
  CHECK(out == bytes(1));
  CHECK(device.write(0, bytes(4)) == 0);  // one page further
  CHECK(device.read(0, out) == 0);
  CHECK(out != bytes(1));  // one bit
  CHECK(device.read(512, out) == 0);
  CHECK(out == bytes(4));
}

}  // namespace
}  // namespace kilburn::os
