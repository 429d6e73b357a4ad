// SPDX-License-Identifier: Apache-2.0
//
// transactions.ftr of a run, read back by a reader of its own, against the pins in waves.fst and transactions.txt.
#include <chrono>
#include <sstream>
#include <thread>

#include "tests/catch.h"
#include "tests/end_to_end/kilburn.h"
#include "tests/ftr_check.h"

using namespace kilburn::test;
namespace tb = kilburn::tb;
using Catch::Matchers::Contains;
using u64 = std::uint64_t;

namespace {

struct Recorded {
  Ftr ftr;
  tb::FstFile waves;
  tb::CycleTimes times;
  u64 first, cycles;

  FtrCheck check() const { return {ftr, waves, times, first, cycles}; }
};

Recorded recorded(const Folder& folder, const std::string& run, u64 first = 0, u64 after = 0) {
  tb::FstFile waves(folder / run / "waves.fst");
  const u64 cycles = folder.result(run).at("cycles").to_number<u64>();
  tb::CycleTimes times(waves, tb::time_of_cycle_0(waves, cycles, after));
  return {read_ftr(folder / run / "transactions.ftr"), std::move(waves), times, first, cycles};
}

std::string lines(const std::vector<std::string>& all) {
  std::string text;
  for (std::size_t n = 0; n < std::min<std::size_t>(all.size(), 12); ++n) text += all[n] + "\n";
  return text;
}

std::map<std::string, unsigned> relations(const Ftr& ftr) {
  std::map<std::string, unsigned> count;
  for (const auto& r : ftr.relations) ++count[r.name];
  return count;
}

// The rows of the waves tell the same by number, from each request's first cycle to its last, which has the answer.
u64 check_rows(const Recorded& seen) {
  std::map<std::string, std::vector<std::string>> rows;
  u64 answers = 0;
  for (const auto& [id, t] : seen.ftr.transactions) {
    const std::string& name = seen.ftr.generator_of(t);
    if (t["cycle"].empty()) continue;
    auto& row = rows[name];
    if (row.empty()) {
      row = tb::sample(seen.waves, {"transactions." + name}, seen.first, seen.cycles - 1, seen.times).traces[0].values;
    }
    INFO(name << " #" << t["number"]);
    bool all = true;
    std::string last;
    for (std::size_t n = 0; n < row.size(); ++n) {
      const u64 middle = seen.times(seen.first + n);
      if (t.begin > middle || middle >= t.end) continue;
      // A request that takes over a row in the cycle of an answer begins there with the next one.
      all &= row[n].starts_with("#" + t["number"] + " ");
      last = row[n];
    }
    CHECK(all);
    if (!t["pa"].empty()) CHECK_THAT(last, Contains(" = " + t["pa"] + ", ") || Contains(" = " + t["pa"] + ": "));
    if (!t["fault"].empty()) CHECK_THAT(last, Contains(" " + t["fault"] + ", ") || Contains(" " + t["fault"] + ": "));
    if (!t["from"].empty()) CHECK_THAT(last, Contains(", " + t["from"] + ": "));
    answers += !t["from"].empty();
  }
  return answers;
}

// The waves' window in place of the run.
Recorded within(const Folder& folder, const std::string& run, const Recorded& whole) {
  Recorded seen{whole.ftr, tb::FstFile(folder / run / "waves.fst"), whole.times, 0, 0};
  seen.first = (seen.waves.begin() - seen.times(0) + 9) / tb::kTimePerCycle;
  seen.cycles = (seen.waves.end() - seen.times(0) + 5) / tb::kTimePerCycle;
  return seen;
}

Recorded recorded_run(const Folder& folder, std::vector<std::string> more, u64 first = 0) {
  std::vector<std::string> words = {"run", "--test", "random", "--seed", "5", "--waves", "always", "--out", "r"};
  if (std::find(more.begin(), more.end(), "--count") == more.end()) words.insert(words.end(), {"--count", "1500"});
  words.insert(words.end(), more.begin(), more.end());
  const Ran ran = folder.run(words);
  INFO(ran.out << ran.err);
  REQUIRE(ran.status == 0);
  return recorded(folder, "r", first);
}

}  // namespace

TEST_CASE("the transactions of a run are those on its pins, and what connects them fits") {
  const Folder folder;
  const Recorded run = recorded_run(folder, {});
  FtrCheck check = run.check();
  const auto wrong = check.run();
  INFO(lines(wrong));
  CHECK(wrong.empty());
  CHECK(check.compared() > 20000);
  auto count = relations(run.ftr);
  CHECK(count["response"] >= 1500);
  for (const char* name : {"walk", "access", "result", "merged", "value"}) {
    INFO(name);
    CHECK(count[name] > 20);
  }
  u64 from_swaps = 0;
  for (const auto& r : run.ftr.relations) {
    from_swaps += r.name == "value" && run.ftr.transactions.at(r.source)["access"] == "swap";
  }
  CHECK(from_swaps > 5);
  // Every access of this MMU is a walk's, every walk a request's: it does not prefetch.
  std::map<u64, unsigned> accesses, walks;
  for (const auto& r : run.ftr.relations) {
    if (r.name == "access") ++accesses[r.sink];
    if (r.name == "walk") ++walks[r.sink];
  }
  std::map<std::string, unsigned> in;
  for (const auto& [id, t] : run.ftr.transactions) {
    const std::string& stream = run.ftr.streams.at(run.ftr.generators.at(t.generator).stream);
    ++in[stream];
    if (stream == "memory") CHECK(accesses[id] == 1);
    if (stream == "walks") CHECK(walks[id] == 1);
  }
  for (const char* stream : {"i", "d", "walks", "memory", "operations", "software"}) CHECK(in[stream] > 5);
}

TEST_CASE("transactions fit the pins with resets, in a window, of Alpha and of an MMU without a twin") {
  const Folder folder;
  struct Case {
    std::vector<std::string> more;
    u64 first;
    bool twin;
  };
  const auto c = GENERATE(Case{{"--format", "alpha", "--count", "800"}, 0, true},
                          Case{{"--dut", "small", "--count", "800"}, 0, false},
                          Case{{"--dut", "small", "--waves-window", "3000:7000"}, 2944, false},
                          Case{{"--waves-window", "3000:3600", "--set", "maxphyaddr=46"}, 2944, true});
  const Recorded run = recorded_run(folder, c.more, c.first);
  Recorded seen{run.ftr, tb::FstFile(folder / "r/waves.fst"), run.times, run.first, run.cycles};
  if (c.first != 0) seen = within(folder, "r", run);
  FtrCheck check = seen.check();
  const auto wrong = check.run();
  INFO(c.more[1] << "\n" << lines(wrong));
  CHECK(wrong.empty());
  CHECK(check.compared() > 1000);
  auto count = relations(run.ftr);
  CHECK(count["response"] > 10);
  CHECK((count["walk"] > 0) == c.twin);
  CHECK((count["access"] > 0) == c.twin);
  CHECK((check_rows(seen) > 100) == c.twin);
  bool clipped = false, open = false;
  for (const auto& [id, t] : run.ftr.transactions) {
    clipped |= t["note"] == "began before the waves" && t.begin == seen.waves.begin();
    open |= t["note"] == "not ended in the waves";
  }
  CHECK(clipped == (c.first != 0));
  CHECK(open == (c.first != 0));
}

// It uses an id again in the cycle in which its response is taken, which the random test does not.
TEST_CASE("transactions of a program fit its pins and rows") {
  const Folder folder;
  const Ran ran = folder.run({"run", "--trace", std::string(KILBURN_TEST_DATA) + "/traces/mini.28871.lk", "--frames",
                              "24", "--waves", "always", "--waves-window", "6000:6800", "--out", "r"});
  INFO(ran.out << ran.err);
  REQUIRE(ran.status == 0);
  const Recorded seen = within(folder, "r", recorded(folder, "r"));
  const auto wrong = seen.check().run();
  INFO(lines(wrong));
  CHECK(wrong.empty());
  CHECK(check_rows(seen) > 100);
  u64 late = 0;
  for (const auto& [id, t] : seen.ftr.transactions) {
    late += !t["cycle"].empty() && t.begin > seen.times(std::stoull(t["cycle"]));
  }
  CHECK(late > 50);
}

TEST_CASE("a wrong time, value or relation is found") {
  const Folder folder;
  const Recorded run = recorded_run(folder, {"--count", "600"});
  REQUIRE(run.check().run().empty());
  using Break = std::function<void(Ftr&)>;
  const auto nth = [](Ftr& ftr, const std::string& stream, unsigned n) -> Ftr::Transaction& {
    for (auto& [id, t] : ftr.transactions) {
      const bool response = ftr.generator_of(t).ends_with("response");
      if (!response && ftr.streams.at(ftr.generators.at(t.generator).stream) == stream && n-- == 0) return t;
    }
    throw std::runtime_error("no such transaction");
  };
  const auto relation = [](Ftr& ftr, const std::string& name, unsigned n) -> Ftr::Relation& {
    for (auto& r : ftr.relations) {
      if (r.name == name && n-- == 0) return r;
    }
    throw std::runtime_error("no such relation");
  };
  const std::map<std::string, Break> breaks = {
      {"a request begins a clock late", [&](Ftr& f) { nth(f, "d", 7).begin += 10; }},
      {"a request ends a clock late", [&](Ftr& f) { nth(f, "i", 7).end += 10; }},
      {"an access begins a clock early", [&](Ftr& f) { nth(f, "memory", 7).begin -= 10; }},
      {"an access ends a clock early", [&](Ftr& f) { nth(f, "memory", 7).end -= 10; }},
      {"an operation ends a clock late", [&](Ftr& f) { nth(f, "operations", 2).end += 10; }},
      {"another va", [&](Ftr& f) { nth(f, "d", 9).values["va"] = "0x1000"; }},
      {"another pa",
       [&](Ftr& f) {
         for (unsigned n = 0;; ++n) {
           auto& pa = nth(f, "d", n).values["pa"];
           if (!pa.empty()) return void(pa += "0");
         }
       }},
      {"another value", [&](Ftr& f) { nth(f, "memory", 5).values["value"] = "0x5"; }},
      {"another number", [&](Ftr& f) { nth(f, "i", 5).values["number"] = "4"; }},
      {"a request is missing", [&](Ftr& f) { std::erase_if(f.transactions, [](auto& t) { return t.first == 1; }); }},
      {"a relation to nothing", [&](Ftr& f) { relation(f, "walk", 3).sink = 1000000; }},
      {"a relation back in time", [&](Ftr& f) { std::swap(relation(f, "value", 3).sink, f.relations[0].sink); }},
      {"another request's response",
       [&](Ftr& f) { std::swap(relation(f, "response", 3).sink, relation(f, "response", 9).sink); }},
      {"another request's walk",
       [&](Ftr& f) { std::swap(relation(f, "walk", 3).source, relation(f, "walk", 7).source); }},
      {"another walk's access",
       [&](Ftr& f) { std::swap(relation(f, "access", 3).source, relation(f, "access", 40).source); }},
      {"another walk's result",
       [&](Ftr& f) { std::swap(relation(f, "result", 3).source, relation(f, "result", 9).source); }},
      {"a walk's access to a request", [&](Ftr& f) { relation(f, "access", 3).name = "walk"; }},
      {"another stream", [&](Ftr& f) { relation(f, "walk", 3).source_stream += 1; }},
      {"another writer", [&](Ftr& f) {
         auto& first = relation(f, "value", 0);
         for (auto& r : f.relations) {
           if (r.name != "value" || f.transactions[r.source]["pa"] == f.transactions[first.source]["pa"]) continue;
           return std::swap(r.source, first.source);
         }
       }}};
  for (const auto& [what, plant] : breaks) {
    Recorded planted{run.ftr, tb::FstFile(folder / "r/waves.fst"), run.times, run.first, run.cycles};
    plant(planted.ftr);
    INFO(what);
    CHECK_FALSE(planted.check().run().empty());
  }
}

TEST_CASE("a failure's folder has the transactions that its list has") {
  const Folder folder;
  REQUIRE(folder.run({"run", "--test", "random", "--dut", "mmu-bugs", "--bug", "T10", "--seed", "3", "--out", "r"})
              .status == 1);
  const u64 after = tb::kWavesAfter;
  const Recorded run = recorded(folder, "r", 0, after);
  std::istringstream history(contents(folder / "r/transactions.txt"));
  std::map<std::string, unsigned> found;
  for (std::string line; std::getline(history, line);) {
    INFO(line);
    const u64 cycle = std::stoull(line.substr(6));
    const auto word = [&](const std::string& before) {
      const auto at = line.find(before);
      if (at == std::string::npos) return std::string();
      const auto from = at + before.size();
      return line.substr(from, line.find_first_of(" ,:", from) - from);
    };
    const u64 begin = std::max(run.waves.begin(), run.times(cycle) - 5);
    const auto one = [&](const std::string& stream, const std::function<bool(const Ftr::Transaction&)>& is) {
      unsigned now = 0, late = 0;  // a clock later where its generator was busy
      for (const auto& [id, t] : run.ftr.transactions) {
        if (run.ftr.streams.at(run.ftr.generators.at(t.generator).stream) != stream || !is(t)) continue;
        now += t.begin == begin;
        late += t.begin == begin + 10;
      }
      CHECK((now == 1 || (now == 0 && late == 1)));
      ++found[stream];
    };
    if (run.times(cycle) < run.waves.begin()) continue;
    if (line.find(" request #") != std::string::npos) {
      one(line.find("  D ") != std::string::npos ? "d" : "i", [&](const Ftr::Transaction& t) {
        return t["cycle"] == std::to_string(cycle) && t["va"] == word(t["access"] + " ") &&
               t["mode"] == word("in mode ");
      });
    } else if (!word("walker reads ").empty()) {
      one("memory", [&](const Ftr::Transaction& t) { return t["access"] == "read" && t["pa"] == word("reads "); });
    } else if (!word("walker swaps ").empty()) {
      one("memory", [&](const Ftr::Transaction& t) { return t["access"] == "swap" && t["writes"] == word(" to "); });
    } else if (!word("TLB operation ").empty() && word("TLB operation ") != "acknowledged") {
      one("operations", [&](const Ftr::Transaction& t) {
        return t["operation"] == word("TLB operation ") && t["va"] == word("va ");
      });
    } else if (!word("software writes ").empty()) {
      one("software", [&](const Ftr::Transaction& t) {
        return t.begin == begin && t["pa"] == word("software writes ") && t["value"] == word(" = ");
      });
    }
  }
  CHECK(found["d"] + found["i"] > 20);
  CHECK(found["memory"] > 5);
  // The reference is known up to the mismatch, and so are walks.
  const u64 mismatch = run.times(boost::json::parse(contents(folder / "r/mismatch.json")).at("cycle").to_number<u64>());
  for (const auto& [id, t] : run.ftr.transactions) {
    if (run.ftr.generator_of(t).starts_with("walker_")) CHECK((t.begin < mismatch && t.end <= mismatch + 5));
  }
  for (const auto& r : run.ftr.relations) {
    if (r.name != "response" && r.name != "value") CHECK(run.ftr.transactions.at(r.sink).begin <= mismatch);
  }
  CHECK_THAT(contents(folder / "r/transactions.sucl"), Contains("stream_add tr\n") && Contains("marker_set mismatch "));
}

TEST_CASE("a response that the DUT withdraws ends there and says so") {
  const Folder folder;
  REQUIRE(folder.run({"run", "--test", "random", "--dut", "mmu-bugs", "--bug", "RSP-HOLD", "--seed", "3", "--out", "r"})
              .status == 1);
  u64 withdrawn = 0;
  for (const auto& [id, t] : read_ftr(folder / "r/transactions.ftr").transactions)
    withdrawn += t["note"] == "withdrawn";
  CHECK(withdrawn > 0);
}

TEST_CASE("a later run without waves leaves no transactions of an earlier one") {
  const Folder folder;
  recorded_run(folder, {"--count", "100"});
  REQUIRE(std::filesystem::exists(folder / "r/transactions.ftr"));
  REQUIRE(folder.run({"run", "--test", "random", "--count", "100", "--out", "r"}).status == 0);
  CHECK_FALSE(std::filesystem::exists(folder / "r/transactions.ftr"));
}

TEST_CASE("Surfer gets the transactions in a window beside the waves") {
  const Folder folder;
  recorded_run(folder, {"--count", "100"});
  folder.write("bin/surfer", "#!/bin/sh\necho \"$@\" >> " + (folder / "shown").string() + "\n");
  std::filesystem::permissions(folder / "bin/surfer", std::filesystem::perms::owner_all);
  const std::string command = "cd " + folder.path().string() + " && PATH=" + (folder / "bin").string() + ":$PATH " +
                              KILBURN_PROGRAM + " waves r --viewer surfer";
  REQUIRE(std::system(command.c_str()) == 0);
  for (unsigned n = 0; n < 50 && contents(folder / "shown").find("ftr") == std::string::npos; ++n) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  CHECK_THAT(contents(folder / "shown"), Contains("--command-file r/waves.sucl r/waves.fst\n") &&
                                             Contains("--command-file r/transactions.sucl r/transactions.ftr\n"));
  CHECK(contents(folder / "r/transactions.sucl") == "stream_add tr\n");
}
