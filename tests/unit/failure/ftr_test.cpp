// SPDX-License-Identifier: Apache-2.0
//
// The writer of FTR files and the log before it, read back as the format's specification has it.
#include "tb/dut/loader.h"
#include "tb/errors.h"
#include "tb/failure/ftr_writer.h"
#include "tb/failure/transaction_log.h"
#include "tests/catch.h"
#include "tests/folder.h"
#include "tests/ftr_reader.h"

using namespace kilburn;
using namespace kilburn::tb;
using arch::u64;
using Moment = FtrWriter::Moment;
using Edge = TransactionLog::Edge;

namespace {

// A wave file of so many clocks after a reset of 4.
void record_clocks(const std::filesystem::path& file, unsigned clocks, unsigned more_after_reset = 0) {
  const auto library =
      DutLibrary::load(std::string(KILBURN_TEST_DUTS) + "/kilburn_dut_mmu-bugs-x86-64.so", arch::Format::x86_64);
  Dut dut(library, 5);
  kilburn_dut_out out{};
  dut.reset(0, out);
  dut.open_waves(file);
  for (unsigned n = 0; n < clocks; ++n) dut.clock({}, out);
  if (more_after_reset != 0) dut.reset(0, out);
  for (unsigned n = 0; n < more_after_reset; ++n) dut.clock({}, out);
  dut.close_waves();
}

}  // namespace

// Bytes of RFC 8949 and of the README of LWTR4SC, put together by hand.
TEST_CASE("a small file is byte for byte what its specification says") {
  const test::ScratchFolder folder;
  FtrWriter writer(folder / "t.ftr", -12);
  const u64 stream = writer.add_stream("d"), generator = writer.add_generator("d_3", stream);
  const FtrWriter::Attribute attributes[] = {{Moment::begin, "va", std::string("0x10")},
                                             {Moment::end, "number", u64{24}}};
  writer.transaction(7, generator, 0, 300, attributes);
  writer.relation("walk", {7, stream}, {7, stream});
  REQUIRE(writer.close());
  std::string bytes = test::contents(folder / "t.ftr");
  const std::string start("\xd9\xd9\xf7\x9f\xc6\x48\x82\x2b\xc1\x1a", 10);
  REQUIRE(bytes.starts_with(start));
  bytes.erase(0, start.size() + 4);  // the time of creation
  const test::Ftr read = test::read_ftr(folder / "t.ftr");
  const auto has = [&](std::string_view part) {
    INFO(bytes.size());
    CHECK(bytes.find(part) != std::string::npos);
  };
  using namespace std::string_view_literals;
  has("\xc8\x57\xa4\x00\x60\x01\x61"sv);                                              // strings: none, "d" ...
  has("\xca\x4c\x9f\xd0\x83\x01\x01\x02\xd1\x83\x02\x03\x01\xff"sv);                  // stream 1, generator 2
  has("\xcc\x84\x01\x00\x19\x01\x2c\x56\x9f\x83\xc6\x84\x07\x02\x00\x19\x01\x2c"sv);  // from 0 to 300
  has("\xc7\x83\x04\x0a\x05\xc9\x83\x06\x03\x18\x18\xff"sv);                          // a string, 24
  CHECK(bytes.ends_with("\xce\x48\x9f\x85\x07\x07\x07\x01\x01\xff\xff"sv));
  CHECK(read.time_scale == -12);
  CHECK(read.streams.at(stream) == "d");
  CHECK(read.transactions.at(7)["va"] == "0x10");
  CHECK(read.transactions.at(7).moments.at("number") == 9);
  CHECK(read.transactions.at(7)["number"] == "24");
}

TEST_CASE("many transactions come back from many chunks, their strings from several dictionaries") {
  const test::ScratchFolder folder;
  FtrWriter writer(folder / "t.ftr", 0);
  const u64 first = writer.add_stream("a"), second = writer.add_stream("b");
  const u64 generators[] = {writer.add_generator("a_0", first), writer.add_generator("b_0", second)};
  constexpr u64 kCount = 100000;
  for (u64 n = 1; n <= kCount; ++n) {
    const FtrWriter::Attribute attributes[] = {{Moment::begin, "at", std::to_string(n * 7919)},
                                               {Moment::during, "count", n << 40}};
    writer.transaction(n, generators[n & 1], 10 * n, 10 * n + 5, attributes);
    if (n > 1) writer.relation("next", {n - 1, n & 1 ? first : second}, {n, n & 1 ? second : first});
  }
  REQUIRE(writer.close());
  const test::Ftr read = test::read_ftr(folder / "t.ftr");
  REQUIRE(read.transactions.size() == kCount);
  REQUIRE(read.relations.size() == kCount - 1);
  CHECK(read.time_scale == 0);
  u64 wrong = 0;
  for (const auto& [n, t] : read.transactions) {
    wrong += t["at"] != std::to_string(n * 7919) || t["count"] != std::to_string(n << 40) || t.begin != 10 * n ||
             t.end != 10 * n + 5 || read.generator_of(t) != (n & 1 ? "b_0" : "a_0");
  }
  for (u64 n = 2; n <= kCount; ++n) {
    const auto& r = read.relations[n - 2];
    wrong += r.source != n - 1 || r.sink != n || r.name != "next" || r.sink_stream != (n & 1 ? second : first);
  }
  CHECK(wrong == 0);
  auto chunks = read.chunks;
  CHECK(chunks[6] == 1);
  CHECK(chunks[8] > 10);
  CHECK(chunks[12] > 10);
  CHECK(chunks[14] > 10);
}

TEST_CASE("an FTR file that cannot be written whole is said so") {
  const auto written = [](const std::filesystem::path& path) {
    FtrWriter writer(path, -12);
    writer.transaction(1, writer.add_generator("g", writer.add_stream("s")), 0, 1, {});
    return writer.close();
  };
  const test::ScratchFolder folder;
  CHECK(written(folder / "t.ftr"));
  CHECK_FALSE(written("/dev/full"));
  CHECK_FALSE(written(folder / "nowhere/t.ftr"));
}

TEST_CASE("logged clocks become the edges of the wave file, before and after a reset") {
  const test::ScratchFolder folder;
  record_clocks(folder / "w.fst", 20, 10);
  TransactionLog log(folder / "w.fst");
  const unsigned generator = log.generator(log.add_stream("s"), "g");
  std::vector<TransactionLog::Id> ids;
  const auto clocks = [&](unsigned count) {
    while (count-- != 0) log.clock();
  };
  ids.push_back(log.begin(generator));  // from clock 0
  clocks(3);
  log.end(ids[0]);  // to the end of clock 3
  ids.push_back(log.begin(generator, Edge::end));
  clocks(4);
  log.end(ids[1], Edge::begin);  // to the beginning of clock 7
  ids.push_back(log.begin(generator));
  clocks(13);
  log.reset();  // after 20 clocks
  clocks(2);
  ids.push_back(log.begin(generator));
  log.relate("next", ids[0], ids[3]);
  clocks(8);
  log.write();
  const test::Ftr read = test::read_ftr(folder / "transactions.ftr");
  const FstFile waves(folder / "w.fst");
  const u64 begin = waves.begin();
  const auto is = [&](unsigned n, u64 from, u64 to, const std::string& note) {
    const auto& t = read.transactions.at(ids[n].number);
    INFO(n << ": " << t.begin << " " << t.end);
    CHECK(t.begin == begin + from);
    CHECK(t.end == begin + to);
    CHECK(t["note"] == note);
  };
  // A clock is 10 units, its first edge half a clock before its inputs change; a reset is 4 clocks.
  is(0, 0, 35, "");
  is(1, 35, 65, "");
  is(2, 65, 195, "lost by the reset");
  is(3, 255, 335, "not ended in the waves");
  CHECK(waves.end() >= begin + 335);
  CHECK(read.relations.at(0).source == ids[0].number);
  CHECK(read.relations.at(0).sink == ids[3].number);
  CHECK(read.time_scale == waves.time_scale());
}

TEST_CASE("a log that cannot be written leaves no file") {
  const test::ScratchFolder folder;
  CHECK_THROWS_WITH(TransactionLog(folder / "nowhere/w.fst"),
                    Catch::Matchers::Contains("nowhere/transactions.ftr cannot be written"));
  folder.write("transactions.ftr", "of an earlier run");
  record_clocks(folder / "w.fst", 20);
  TransactionLog log(folder / "w.fst");
  CHECK_FALSE(std::filesystem::exists(folder / "transactions.ftr"));
  log.begin(log.generator(log.add_stream("s"), "g"));
  for (unsigned n = 0; n < 20; ++n) log.clock();
  SECTION("the disk is full") { std::filesystem::create_symlink("/dev/full", folder / "transactions.ftr.new"); }
  SECTION("the DUT's file was never closed") { folder.write("w.fst", "not closed"); }
  CHECK_THROWS_AS(log.write(), EnvironmentError);
  CHECK_FALSE(std::filesystem::exists(folder / "transactions.ftr"));
  CHECK_FALSE(std::filesystem::is_symlink(folder / "transactions.ftr.new"));
}

TEST_CASE("waves of another clock have no transactions, as they cannot be placed") {
  const test::ScratchFolder folder;
  record_clocks(folder / "w.fst", 20);
  TransactionLog log(folder / "w.fst");
  for (unsigned n = 0; n < 50; ++n) log.clock();
  log.write();
  CHECK_FALSE(std::filesystem::exists(folder / "transactions.ftr"));
}
