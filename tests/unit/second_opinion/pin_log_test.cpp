// SPDX-License-Identifier: Apache-2.0
//
// The pin log: what is written is read again, and nothing else is taken for one.
#include "tb/second_opinion/pin_log.h"

#include <cstring>
#include <random>

#include "tb/errors.h"
#include "tests/catch.h"
#include "tests/end_to_end/kilburn.h"

using namespace kilburn;
using Catch::Matchers::Contains;
using kilburn::test::contents;
using kilburn::test::Folder;

namespace {

// Any value in every byte that is not padding, now and then only.
tb::PinCycle random_cycle(std::mt19937_64& random, const tb::PinCycle& before) {
  tb::PinCycle c = before;
  unsigned char raw[sizeof c];
  std::memcpy(raw, &c, sizeof c);
  const bool all = random() % 8 == 0;
  for (auto& byte : raw) {
    if (all || random() % 16 == 0) byte = static_cast<unsigned char>(random());
  }
  std::memcpy(&c, raw, sizeof c);
  c.in.i.pad = c.in.d.pad = 0;
  std::memset(c.out.i.pad, 0, sizeof c.out.i.pad);
  std::memset(c.out.d.pad, 0, sizeof c.out.d.pad);
  std::memset(c.out.pad, 0, sizeof c.out.pad);
  return c;
}

std::vector<tb::PinCycle> random_cycles(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<tb::PinCycle> cycles(1);
  while (cycles.size() < count) cycles.push_back(random_cycle(random, cycles.back()));
  return cycles;
}

tb::PinLog log_of(const std::vector<tb::PinCycle>& cycles) {
  tb::PinLog log;
  log.header.dut = "mmu-tiny";
  log.header.rtl = "rtl";
  log.header.top = "mmu";
  log.header.bug = "T61";
  log.header.parameters = {"Format=1", "IEntries=2"};
  log.header.seed = 7;
  log.header.first_cycle = 4000;
  log.header.format = 1;
  log.header.failed = true;
  log.start(cycles[0].in.cfg, cycles[0].out);
  for (std::size_t n = 1; n < cycles.size(); ++n) log.add(cycles[n]);
  return log;
}

std::string bytes_of_log(const Folder& folder, std::size_t cycles) {
  log_of(random_cycles(cycles, 5)).write(folder / "log.klb");
  return contents(folder / "log.klb");
}

std::string refusal(const Folder& folder, const std::string& bytes) {
  std::ofstream(folder / "bad.klb", std::ios::binary) << bytes;
  try {
    tb::PinLog::read(folder / "bad.klb");
  } catch (const tb::UserError& e) {
    return e.what();
  }
  return "taken";
}

// CRC-32 of ISO 3309 bit by bit: reflected, polynomial 0x04C11DB7, begun and ended with all ones.
std::uint32_t crc32(const std::string& bytes) {
  std::uint32_t crc = ~0u;
  for (unsigned char byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xEDB88320u : 0u);
  }
  return ~crc;
}

std::string little(std::uint64_t value, unsigned bytes) {
  std::string text;
  for (unsigned n = 0; n < bytes; ++n) text += static_cast<char>(value >> (8 * n));
  return text;
}

std::string with_crc(std::string bytes) { return bytes + little(crc32(bytes), 4); }

}  // namespace

TEST_CASE("a pin log is read as it was written") {
  const Folder folder;
  const auto cycles = random_cycles(3000, 11);
  const tb::PinLog written = log_of(cycles);
  written.write(folder / "log.klb");
  const tb::PinLog log = tb::PinLog::read(folder / "log.klb");
  CHECK(log.header.dut == "mmu-tiny");
  CHECK(log.header.rtl == "rtl");
  CHECK(log.header.top == "mmu");
  CHECK(log.header.bug == "T61");
  CHECK(log.header.parameters == std::vector<std::string>{"Format=1", "IEntries=2"});
  CHECK(log.header.seed == 7);
  CHECK(log.header.first_cycle == 4000);
  CHECK(log.header.format == 1);
  CHECK(log.header.failed);
  CHECK_FALSE(log.header.truncated);
  REQUIRE(log.cycles() == 2999);
  tb::PinLog::Reader reader(log);
  tb::PinCycle cycle;
  for (std::size_t n = 0; n < cycles.size(); ++n) {
    REQUIRE(reader.next(cycle));
    CAPTURE(n);
    REQUIRE(std::memcmp(&cycle, &cycles[n], sizeof cycle) == 0);
  }
  CHECK_FALSE(reader.next(cycle));
  CHECK_FALSE(std::filesystem::exists(folder / "log.klb.part"));
}

TEST_CASE("a pin log has the form that its header file gives") {
  const Folder folder;
  tb::PinLog log;
  log.header.dut = "m";
  kilburn_dut_out out{};
  out.inv_ready = 1;     // byte 7 of word 21
  log.start(0x28, out);  // word 11
  tb::PinCycle cycle{};
  cycle.in.cfg = 0x28;
  cycle.in.d.va = 0x1122334455667788;  // word 5
  cycle.out = out;
  log.add(cycle);
  log.write(folder / "log.klb");
  const std::string records = little(1u << 11 | 1u << 21, 4) + little(0x28, 8) + little(std::uint64_t{1} << 56, 8) +
                              little(1u << 5, 4) + little(0x1122334455667788, 8);
  const std::string header = little(1, 4) + "m" + little(0, 4) + little(0, 4) + little(0, 4) + little(0, 4) +
                             little(1, 8) + little(0, 8) + little(0, 4) + little(0, 4) + little(2, 8);
  const std::size_t size = 20 + header.size() + records.size() + 4;
  CHECK(contents(folder / "log.klb") == with_crc("KLBPINS\n" + little(1, 4) + little(size, 8) + header + records));
}

TEST_CASE("a pin log cut anywhere, or with any byte changed, is refused") {
  const Folder folder;
  const std::string bytes = bytes_of_log(folder, 4);
  REQUIRE(refusal(folder, bytes) == "taken");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK_THAT(refusal(folder, bytes.substr(0, size)), Contains(size == 0 ? "is not a pin log" : "is cut off"));
  }
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    CAPTURE(at);
    CHECK_THAT(refusal(folder, damaged), Contains(at < 8    ? "is not a pin log"
                                                  : at < 12 ? "has version"
                                                  : at < 20 ? "log"
                                                            : "is damaged: its CRC is"));
  }
  CHECK_THAT(refusal(folder, bytes + "x"), Contains("is damaged"));
  CHECK_THAT(refusal(folder, std::string(4096, '\x7f')), Contains("is not a pin log"));
  CHECK_THROWS_WITH(tb::PinLog::read(folder / "none.klb"), Contains("none.klb cannot be read"));
  CHECK_THROWS_WITH(tb::PinLog::read(folder.path()), Contains("cannot be read"));
}

TEST_CASE("a pin log with a right checksum that contradicts itself is refused") {
  const Folder folder;
  const std::string good = bytes_of_log(folder, 4);
  const auto changed = [&](std::size_t at, const std::string& with) {
    std::string bytes = good.substr(0, good.size() - 4);
    bytes.replace(at, with.size(), with);
    return refusal(folder, with_crc(bytes));
  };
  // The name of the DUT begins at 20; the number of parameters after "mmu-tiny", "rtl", "mmu", "T61".
  const std::size_t parameters = 20 + 4 + 8 + 4 + 3 + 4 + 3 + 4 + 3;
  const std::size_t format = parameters + 4 + 4 + 8 + 4 + 10 + 8 + 8, records = format + 8, first = records + 8;
  CHECK(changed(format, little(1, 4)) == "taken");
  CHECK_THAT(changed(20, little(5000, 4)), Contains("a name of 5000 bytes"));
  CHECK_THAT(changed(20, little(4000, 4)), Contains("in the middle of a field"));
  CHECK_THAT(changed(parameters, little(65, 4)), Contains("65 parameters"));
  CHECK_THAT(changed(format, little(3, 4)), Contains("page-table format 3"));
  CHECK_THAT(changed(records, little(5, 8)), Contains("4 records, not 5"));
  CHECK_THAT(changed(first, little(1u << 23, 4)), Contains("record 0 is not that of a cycle"));
  std::string reset_only = with_crc(good.substr(0, 12) + little(first + 4 + 4, 8) + good.substr(20, records - 20) +
                                    little(1, 8) + little(0, 4));
  CHECK_THAT(refusal(folder, reset_only), Contains("holds no cycle"));
}

TEST_CASE("a pin log ends after a million cycles and says so") {
  tb::PinLog log;
  log.start(1, {});
  for (std::uint64_t n = 0; n < 1000003; ++n) {
    tb::PinCycle cycle{};
    cycle.in.evt_sel = static_cast<std::uint8_t>(n % 32);
    log.add(cycle);
    if (n == 999999) CHECK_FALSE(log.header.truncated);
  }
  CHECK(log.cycles() == 1000000);
  CHECK(log.header.truncated);
  log.start(1, {});
  CHECK(log.cycles() == 0);
  CHECK_FALSE(log.header.truncated);
}
