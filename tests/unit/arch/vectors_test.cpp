// SPDX-License-Identifier: Apache-2.0
//
// The decision core against recorded vectors, and the checking rule against broken ones.
#include <algorithm>
#include <filesystem>

#include "tests/catch.h"
#include "tests/unit/arch/vector_run.h"

namespace {

using namespace kilburn;
using test::run_vectors;
using test::VectorCount;

VectorCount run_file(const std::string& stem) {
  const VectorCount count =
      run_vectors(tb::VectorReader::open(std::string(KILBURN_TEST_DATA) + "/vectors/" + stem + ".txt"));
  REQUIRE(count.vectors > 0);
  for (const std::string& mismatch : count.mismatches) UNSCOPED_INFO(mismatch);
  CHECK(count.mismatches.empty());
  return count;
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

const std::string kHeader = "# kilburn-vectors 1 x86-64\n";
const std::string kState = "V 7 nxe=1 levels=4 maxpa=40 wp=1 smep=0 smap=0 pke=0 pkru=00000000 cr3=1000\n";
const std::string kTables = "W 1000 2007\nW 2000 3007\nW 3000 4007\nW 4000 5067\n";
const std::string kRead = "A r cpl=0 ac=0 va=0000000000000010\n";
const std::string kSet = "U 1000 2027\nU 2000 3027\nU 3000 4027\n";
const std::string kGood = kHeader + kState + kTables + kRead + "E OK pa=5010 src=own\n" + kSet;

// The first mismatch of a run of `text`, or "".
std::string mismatch(const std::string& text) {
  const VectorCount count = run_vectors(tb::VectorReader(os::LineSource::from_memory(text, "t.txt")));
  return count.mismatches.empty() ? "" : count.mismatches.front();
}

struct File {
  const char* stem;
  unsigned vectors, accesses;
};
// The numbers of the `V` and `A` lines: a reader that loses some fails.
constexpr File kFiles[] = {
    {"x86_4level_table", 2007, 2007},   {"x86_4level_random", 1500, 1500}, {"x86_4level_high", 300, 300},
    {"x86_4level_sequence", 300, 1200}, {"x86_4level_keys", 500, 500},     {"x86_5level_random", 1000, 1000},
    {"x86_5level_sequence", 200, 800},  {"alpha_table", 987, 987},         {"alpha_random", 1307, 1307},
    {"alpha_palcode_order", 150, 150},
};

}  // namespace

TEST_CASE("vectors: every recorded one, x86-64 with 4 and 5 levels and keys, Alpha") {
  unsigned five_level = 0, protection_keys = 0;
  for (const File& file : kFiles) {
    INFO(file.stem);
    const VectorCount count = run_file(file.stem);
    CHECK(count.vectors == file.vectors);
    CHECK(count.accesses == file.accesses);
    five_level += count.five_level;
    protection_keys += count.protection_keys;
  }
  CHECK(five_level == 1200);
  CHECK(protection_keys == 500);
}

TEST_CASE("vectors: every file of the folder is run") {
  unsigned files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(KILBURN_TEST_DATA) + "/vectors")) {
    if (entry.path().extension() != ".txt") continue;
    ++files;
    INFO(entry.path());
    CHECK(std::any_of(std::begin(kFiles), std::end(kFiles),
                      [&](const File& file) { return entry.path().stem() == file.stem; }));
  }
  CHECK(files == std::size(kFiles));
}

TEST_CASE("vectors: a key and the fifth level change the verdict") {
  const auto with = [](std::string text, const std::string& from, const std::string& to) {
    return text.replace(text.find(from), from.size(), to);
  };
  // A user page of key 0, with AD of key 0: PK and P; SDM 4.7.
  const std::string user =
      kHeader + with(kState, "pkru=00000000", "pkru=00000001") + kTables + "A r cpl=3 ac=0 va=0000000000000010\n";
  CHECK(contains(mismatch(user + "E PF err=25 cr2=0000000000000010 src=own\n"), "none by  instead of #PF"));
  CHECK(mismatch(with(user, "pke=0", "pke=1") + "E PF err=25 cr2=0000000000000010 src=own\n") == "");
  // With five levels the same tables end one level short: the last is a table of zeroes, which no W gives.
  const std::string deep = with(kHeader + kState + kTables + kRead, "levels=4", "levels=5");
  CHECK(contains(mismatch(deep + "E OK pa=5010 src=own\n" + kSet), "bus error by walk.bus"));
}

TEST_CASE("vectors: the checking rule sees each wrong particular") {
  const std::string start = kHeader + kState + kTables + kRead;
  CHECK(mismatch(kGood) == "");
  CHECK(contains(mismatch(start + "E OK pa=5018 src=own\n" + kSet), "t.txt:7: vector 7: physical address"));
  CHECK(contains(mismatch(start + "E PF err=0 cr2=0000000000000010 src=own\n"), "none by  instead of #PF"));
  CHECK(contains(mismatch(start + "E GP src=own\n"), "instead of #GP"));
  // A not set where a U says so, and set where none does
  CHECK(contains(mismatch(start + "E OK pa=5010 src=own\n" + kSet + "U 4000 5047\n"), "page-table word"));
  CHECK(contains(mismatch(start + "E OK pa=5010 src=own\nU 1000 2027\n"), "page-table word"));

  // the same walk for a user write, refused by the leaf of this table
  const std::string refused = kHeader + kState + "W 1000 2007\nW 2000 3007\nW 3000 4007\nW 4000 5005\n" +
                              "A w cpl=3 ac=0 va=0000000000000010\n";
  CHECK(mismatch(refused + "E PF err=7 cr2=0000000000000010 src=own\n") == "");
  CHECK(contains(mismatch(refused + "E PF err=6 cr2=0000000000000010 src=own\n"), "error code"));
  CHECK_THROWS_AS(mismatch(refused + "E PF err=7 cr2=0000000000000018 src=own\n"), tb::VectorError);
  // A of the upper levels is then open in the next access, but no longer where a U gives the word
  CHECK(mismatch(refused + "E PF err=7 cr2=0000000000000010 src=own\n" + kRead +
                 "E OK pa=5010 src=own\nU 4000 5025\n") == "");
  CHECK(contains(mismatch(refused + "E PF err=7 cr2=0000000000000010 src=own\n" + kRead +
                          "E OK pa=5010 src=own\nU 4000 5025\n" + "U 1000 2007\n"),
                 "page-table word"));
}
