// SPDX-License-Identifier: Apache-2.0
//
// Wave files: opened in mid-run, complete when closed, and again in the same run.

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/catch.h"
#include "tests/unit/rtl/page_tables.h"

namespace kilburn::rtl_test {
namespace {

std::vector<unsigned char> contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The header block of an FST file: type 0, length 329, start and end time, all big-endian.
std::uint64_t big_endian(const std::vector<unsigned char>& bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | bytes.at(at + i);
  return value;
}

constexpr std::size_t kLength = 1, kStart = 9, kEnd = 17;
constexpr std::uint64_t kHeaderLength = 329;
constexpr std::uint64_t kPeriod = 10;  // time units a clock

}  // namespace

TEST_CASE("a wave file opened in mid-run is readable after it is closed") {
  DutBench bench(library("mmu-x86-64"));
  x86_tables(bench);
  bench.memory[table(3)] = 0x40000000 | kUserTable;
  for (int i = 0; i < 100; ++i) bench.clock();
  const std::string path = std::filesystem::temp_directory_path() / "kilburn_rtl_waves.fst";
  for (int round = 0; round < 2; ++round) {
    REQUIRE(bench.api().waves_open(bench.self(), path.c_str()) == 0);
    bench.invalidate(0, 0, 0);
    bench.translate_d(8, true, kUser);
    for (int i = 0; i < 50; ++i) bench.clock();
    bench.api().waves_close(bench.self());
    const auto bytes = contents(path);
    REQUIRE(bytes.size() > 2000);
    CHECK(bytes[0] == 0);
    CHECK(big_endian(bytes, kLength) == kHeaderLength);
    const auto start = big_endian(bytes, kStart), end = big_endian(bytes, kEnd);
    CHECK(start >= 100 * kPeriod);
    CHECK(end - start > 50 * kPeriod);
    CHECK(end <= (bench.cycle + 10) * kPeriod);
    bench.clock();  // closed: a clock more writes nothing
    CHECK(contents(path).size() == bytes.size());
  }
  CHECK(bench.api().waves_open(bench.self(), "/nonexistent/waves.fst") == -1);
  std::filesystem::remove(path);
}

TEST_CASE("a wave file left open is closed with its instance") {
  const std::string path = std::filesystem::temp_directory_path() / "kilburn_rtl_waves_left.fst";
  {
    DutBench bench(library("mmu-tiny-alpha"));
    REQUIRE(bench.api().waves_open(bench.self(), path.c_str()) == 0);
    for (int i = 0; i < 50; ++i) bench.clock();
  }
  const auto bytes = contents(path);
  REQUIRE(bytes.size() > 1000);
  CHECK(big_endian(bytes, kLength) == kHeaderLength);
  CHECK(big_endian(bytes, kEnd) >= 49 * kPeriod);
  std::filesystem::remove(path);
}

}  // namespace kilburn::rtl_test
