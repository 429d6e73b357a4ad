// SPDX-License-Identifier: Apache-2.0
//
// The text that the reference puts into a wave file, cycle by cycle against the DUT's own signals in the same file, and
// the twin's entries against those that the DUT holds.
#include <fstapi.h>

#include <map>
#include <set>

#include "model/arch/layout.h"
#include "sw/hw/ram.h"
#include "tb/failure/pin_codes.h"
#include "tb/failure/reference_waves.h"
#include "tb/failure/timing_diagram.h"
#include "tb/stimulus/random_test.h"
#include "tb/text.h"
#include "tests/catch.h"
#include "tests/folder.h"

using namespace kilburn;
using namespace kilburn::tb;
using arch::u64;
using Values = std::vector<std::string>;

namespace {

constexpr const char* kStructures[] = {"i_tlb", "d_tlb", "l2", "psc"};  // as dut.h numbers them

// What the DUT held in a cycle.
struct Held {
  u64 cycle;
  std::map<std::string, kilburn_tlb_entry> entries;  // "d_tlb.entry_5"
};

Held held_by(const Dut& dut, u64 cycle) {
  Held held{cycle, {}};
  for (int structure = 0; structure < 4; ++structure) {
    kilburn_tlb_entry entry{};
    for (arch::u32 n = 0; dut.probe(structure, n, entry); ++n) {
      held.entries[std::string(kStructures[structure]) + ".entry_" + std::to_string(n)] = entry;
    }
  }
  return held;
}

// A run of the random test with settings that change, so that it is reset meanwhile.
class Run {
 public:
  Run() {
    const auto library =
        DutLibrary::load(std::string(KILBURN_TEST_DUTS) + "/kilburn_dut_mmu-bugs-x86-64.so", arch::Format::x86_64);
    Dut dut(library, 8);
    os::RamMem memory(RandomTables::kMemoryBytes);
    LockstepConfig config;
    config.seed = 8;
    Lockstep lockstep(dut, memory, config);
    unsigned answers = 0;
    lockstep.history().watch([&](const Transfer& t) {
      if (t.kind == Transfer::Kind::edit) edits[t[Field::cycle]].push_back({t[Field::pa], t[Field::data]});
      if (t.kind == Transfer::Kind::acknowledge || (t.kind == Transfer::Kind::answer && ++answers % 100 == 0)) {
        held.push_back(held_by(dut, t[Field::cycle]));
      }
    });
    dut.open_waves(folder_ / "w.fst");
    ReferenceWaves reference(lockstep, folder_ / "w.fst", nullptr);
    RandomTestConfig random;
    random.count = 2500;
    random.seed = 8;
    random.vary_settings = true;
    RandomTest test(lockstep, random);
    test.run();
    restarts = test.result().restarts;
    cycles = lockstep.cycle();
    dut.close_waves();
    reference.finish();
    file_.emplace(folder_ / "w.fst");
    times_.emplace(*file_, time_of_cycle_0(*file_, cycles, 0));
  }

  // By cycle. A text without letters is read as a space.
  Values operator()(const std::string& name) const {
    Values all = sample(*file_, {name}, 0, cycles - 1, *times_).traces[0].values;
    std::replace(all.begin(), all.end(), std::string(" "), std::string());
    return all;
  }
  const FstFile& file() const { return *file_; }
  std::filesystem::path path() const { return folder_ / "w.fst"; }
  bool has(const std::string& name) const { return file_->find(name) != nullptr; }

  std::map<u64, std::vector<History::Edit>> edits;
  std::vector<Held> held;
  u64 cycles = 0, restarts = 0;

 private:
  test::ScratchFolder folder_;
  std::optional<FstFile> file_;
  std::optional<CycleTimes> times_;
};

const Run& run() {
  static const Run made;
  return made;
}

u64 number(const std::string& text) { return std::stoull(text, nullptr, 0); }
bool is(const std::string& bit) { return bit == "1"; }

// Cycles in which a row is not what it should be; the first is told.
class Wrong {
 public:
  explicit Wrong(std::string row) : row_(std::move(row)) {}
  void compare(u64 cycle, const std::string& found, const std::string& expected) {
    if (found == expected || told_++ != 0) return;
    UNSCOPED_INFO(row_ << ", cycle " << cycle << ": \"" << found << "\", not \"" << expected << "\"");
  }
  u64 count() const { return told_; }

 private:
  std::string row_;
  u64 told_ = 0;
};

// The row of a request in words: "#12 = 0x5000, walk: load 0x10 user" is its number, "= 0x5000, walk", and the rest.
struct Row {
  u64 number = 0;
  std::string what, request;
};
Row parsed(const std::string& text) {
  if (text.empty() || text[0] != '#') return {0, text, ""};
  const auto space = text.find(' ');
  const auto colon = text.rfind(": ");
  Row row{std::stoull(text.substr(1)), "", text.substr(space + 1)};
  if (colon != std::string::npos)
    row.what = text.substr(space + 1, colon - space - 1), row.request = text.substr(colon + 2);
  return row;
}

struct Request {
  u64 number = 0, va = 0;
  std::string text;
};

// Requests by row and cycle, from the pins alone: a row is a request's from the cycle of its acceptance on, or from the
// next if the row was another's, and until the cycle in which its response is taken.
std::map<std::string, std::vector<Request>> requests(const Run& run) {
  struct Port {
    std::string side;
    Values valid, ready, id, va, mode, write, answers, taken, answer_id;
  };
  std::vector<Port> ports;
  for (const std::string side : {"i", "d"}) {
    ports.push_back({side,
                     run(side + "_req_valid_i"),
                     run(side + "_req_ready_o"),
                     run(side + "_req_id_i"),
                     run(side + "_req_va_i"),
                     run(side + "_req_mode_i"),
                     {},
                     run(side + "_rsp_valid_o"),
                     run(side + "_rsp_ready_i"),
                     run(side + "_rsp_id_o")});
    if (side == "d") ports.back().write = run("d_req_write_i");
  }
  std::map<std::string, std::vector<Request>> rows;
  for (const Port& port : ports) {
    for (unsigned id = 0; id < 16; ++id) rows[port.side + "_" + std::to_string(id)].resize(run.cycles + 1);
  }
  u64 last = 0;
  for (u64 n = 0; n < run.cycles; ++n) {
    for (const Port& port : ports) {
      const bool answered = is(port.answers[n]) && is(port.taken[n]);
      for (unsigned id = 0; id < 16; ++id) {
        auto& row = rows[port.side + "_" + std::to_string(id)];
        if (!answered || number(port.answer_id[n]) != id) row[n + 1] = row[n];
      }
      if (!is(port.valid[n]) || !is(port.ready[n])) continue;
      auto& row = rows[port.side + "_" + std::to_string(number(port.id[n]))];
      const u64 va = number(port.va[n]);
      const char* access = port.side == "i" ? "fetch" : is(port.write[n]) ? "store" : "load";
      row[n + 1] = {++last, va,
                    std::string(access) + " " + hex(va) + " " +
                        std::string(arch::name(static_cast<arch::Mode>(number(port.mode[n]))))};
      if (row[n].number == 0) row[n] = row[n + 1];
    }
  }
  return rows;
}

}  // namespace

TEST_CASE("every row has the request that the pins have there, by number, and its answer") {
  const Run& r = run();
  CHECK(r.restarts >= 1);
  std::set<std::string> froms;
  u64 answered = 0;
  for (const auto& [name, expected] : requests(r)) {
    if (!r.has("transactions." + name)) continue;
    const Values row = r("transactions." + name);
    const std::string side = name.substr(0, 1);
    const Values valid = r(side + "_rsp_valid_o"), id = r(side + "_rsp_id_o"), pa = r(side + "_rsp_pa_o"),
                 fault = r(side + "_rsp_fault_o");
    Wrong wrong(name);
    std::string stage;  // of the request, as its row told
    u64 of = 0;
    for (u64 n = 0; n < r.cycles; ++n) {
      const Row found = parsed(row[n]);
      wrong.compare(n, std::to_string(found.number) + found.request,
                    std::to_string(expected[n].number) + expected[n].text);
      if (std::exchange(of, found.number) != found.number) stage = "L1 TLB";
      const bool answers = is(valid[n]) && number(id[n]) == std::stoul(name.substr(2));
      const auto has = [&](const char* what) { return found.what.starts_with(what); };
      if (has("walk ") || has("waits for #") || has("waits for a walker")) stage = "walk";
      if (has("in the L2") || has("waits for the L2")) stage = "L2 TLB";
      if (!answers) {
        wrong.compare(n, has("=") || has("#") || has("fault") ? found.what : "", "");
        continue;
      }
      const auto code = static_cast<arch::Fault>(number(fault[n]));
      wrong.compare(
          n, found.what,
          (code == arch::Fault::none ? "= " + hex(number(pa[n])) : std::string(arch::name(code))) + ", " + stage);
      froms.insert(stage);
      ++answered;
    }
    CHECK(wrong.count() == 0);
  }
  CHECK(answered > 2500);
  CHECK(froms.size() == 3);
}

TEST_CASE("a walker's row names its access on the memory port, whose index is the request's") {
  const Run& r = run();
  const auto rows = requests(r);
  std::map<u64, u64> va_of;
  for (const auto& [name, row] : rows) {
    for (const Request& request : row) va_of[request.number] = request.va;
  }
  const Values valid = r("mem_req_valid_o"), id = r("mem_req_id_o"), address = r("mem_req_addr_o"),
               op = r("mem_req_op_o"), answers = r("mem_rsp_valid_i"), answer_id = r("mem_rsp_id_i");
  u64 asked = 0, answered = 0;
  for (unsigned walker = 0; r.has("twin.walker_" + std::to_string(walker)); ++walker) {
    const Values row = r("twin.walker_" + std::to_string(walker));
    Wrong wrong("walker " + std::to_string(walker));
    for (u64 n = 0; n < r.cycles; ++n) {
      // "#12 level 3 asks for 0x1f010", "... waits for the swap of ..."
      const std::string& text = row[n];
      const auto level_at = text.find(" level ");
      if (is(valid[n]) && number(id[n]) == walker) {
        ++asked;
        const std::string expected =
            std::string(" asks for ") + (is(op[n]) ? "the swap of " : "") + hex(number(address[n]));
        wrong.compare(n, level_at == std::string::npos ? text : text.substr(text.find(" asks")), expected);
      }
      if (is(answers[n]) && number(answer_id[n]) == walker) {
        ++answered;
        wrong.compare(n, text.find(" waits for ") != std::string::npos ? "waits" : text, "waits");
      }
      if (text.empty() || level_at == std::string::npos) continue;
      // SDM 4.5: nine bits of the address choose the entry, from bit 12 on at level 1.
      const u64 level = number(text.substr(level_at + 7, 1));
      const u64 va = va_of[number(text.substr(1, level_at - 1))];
      wrong.compare(n, hex(number(text.substr(text.rfind(' ') + 1)) & 0xfff), hex((va >> (9 * level + 3) & 0x1ff) * 8));
    }
    CHECK(wrong.count() == 0);
  }
  CHECK(asked > 500);
  CHECK(answered > 500);
}

TEST_CASE("a miss says what its request's walker says") {
  const Run& r = run();
  std::vector<Values> walkers, misses;
  for (unsigned n = 0; r.has("twin.walker_" + std::to_string(n)); ++n)
    walkers.push_back(r("twin.walker_" + std::to_string(n)));
  for (const char* side : {"twin.i_miss_", "twin.d_miss_"}) {
    for (unsigned n = 0; r.has(side + std::to_string(n)); ++n) misses.push_back(r(side + std::to_string(n)));
  }
  const auto rows = requests(r);
  std::map<std::string, u64> states;
  Wrong wrong("a miss");
  for (u64 n = 0; n < r.cycles; ++n) {
    std::set<u64> walking, missing, waiting;
    std::map<u64, std::string> in_row;
    for (const auto& [name, row] : rows) in_row[row[n].number] = name;
    for (const Values& walker : walkers) walking.insert(parsed(walker[n]).number);
    for (const Values& miss : misses) missing.insert(parsed(miss[n]).number);
    for (const Values& miss : misses) {
      if (miss[n].empty()) continue;
      const auto space = miss[n].find(' ');
      const u64 of = number(miss[n].substr(1, space - 1));
      std::string what = miss[n].substr(space + 1);
      wrong.compare(n, in_row.contains(of) ? "" : miss[n], "");
      wrong.compare(n, (what == "walks") == walking.contains(of) ? "" : miss[n], "");
      if (what.starts_with("waits for #")) {
        const u64 leader = number(what.substr(11));
        wrong.compare(n, missing.contains(leader) && leader != of ? "" : miss[n], "");
        // Of the same side, to the same page.
        wrong.compare(n, in_row[leader].substr(0, 1), in_row[of].substr(0, 1));
        wrong.compare(n, hex(rows.at(in_row[leader])[n].va >> 12), hex(rows.at(in_row[of])[n].va >> 12));
        what = "waits for #";
      }
      ++states[what];
    }
  }
  CHECK(wrong.count() == 0);
  for (const char* what : {"walks", "waits for #", "in the L2 TLB", "waits for a walker"}) {
    INFO(what);
    CHECK(states[what] > 0);
  }
}

TEST_CASE("rows of memory tell each access from its offer to its answer, and nothing else") {
  const Run& r = run();
  const Values valid = r("mem_req_valid_o"), ready = r("mem_req_ready_i"), id = r("mem_req_id_o"),
               address = r("mem_req_addr_o"), op = r("mem_req_op_o"), compare = r("mem_req_cmp_o"),
               data = r("mem_req_data_o"), answers = r("mem_rsp_valid_i"), answer_id = r("mem_rsp_id_i"),
               found = r("mem_rsp_data_i"), match = r("mem_rsp_match_i"), error = r("mem_rsp_err_i");
  std::set<std::string> ends;
  for (unsigned row_id = 0; row_id < 16; ++row_id) {
    if (!r.has("transactions.memory_" + std::to_string(row_id))) continue;
    const Values row = r("transactions.memory_" + std::to_string(row_id));
    Wrong wrong("memory " + std::to_string(row_id));
    std::string under_way;
    for (u64 n = 0; n < r.cycles; ++n) {
      std::string expected = under_way;
      if (is(answers[n]) && number(answer_id[n]) == row_id) {
        const bool swap = under_way.starts_with("swaps");
        const std::string end = is(error[n])   ? ": bus error"
                                : !swap        ? " = " + hex(number(found[n]))
                                : is(match[n]) ? ": swapped"
                                               : ": not swapped";
        ends.insert(end.substr(0, 4) + end.substr(end.size() > 8 ? 5 : 0, 3));
        expected += end;
        under_way.clear();
      }
      if (is(valid[n]) && number(id[n]) == row_id) {
        expected = (is(op[n]) ? "swaps " : "reads ") + hex(number(address[n])) +
                   (is(op[n]) ? " from " + hex(number(compare[n])) + " to " + hex(number(data[n])) : "");
        if (is(ready[n])) under_way = expected;
      }
      wrong.compare(n, row[n], expected);
    }
    CHECK(wrong.count() == 0);
  }
  CHECK(ends.size() >= 3);
}

TEST_CASE("operations, maintenance and software's writes are told in their cycles") {
  const Run& r = run();
  const Values valid = r("inv_valid_i"), ready = r("inv_ready_o"), ack = r("inv_ack_o"), op = r("inv_op_i"),
               va = r("inv_va_i"), asid = r("inv_asid_i"), row = r("transactions.operation"),
               software = r("transactions.software"), maintenance = r("twin.maintenance"), agrees = r("verdict.exact");
  std::string state;
  for (const auto& signal : r.file().signals()) {
    if (signal.name.ends_with(".inv_state_q")) state = signal.name;
  }
  const Values states = r(state);
  std::string under_way;
  Wrong wrong("operation"), wrong_software("software"), wrong_maintenance("maintenance"), wrong_verdict("verdict");
  u64 writes = 0, operations = 0, busy = 0;
  for (u64 n = 0; n < r.cycles; ++n) {
    std::string expected = is(ack[n]) ? "acknowledged" : under_way;
    if (is(ack[n])) under_way.clear();
    if (is(valid[n])) {
      expected = std::string(invalidation_name(static_cast<unsigned>(number(op[n])))) + " va " + hex(number(va[n])) +
                 " asid " + std::to_string(number(asid[n]));
      if (is(ready[n])) under_way = expected, ++operations;
      if (!is(ready[n])) expected += " waits";
    }
    wrong.compare(n, row[n], expected);
    expected.clear();
    if (const auto made = r.edits.find(n); made != r.edits.end()) {
      expected = hex(made->second.back().pa) + " := " + hex(made->second.back().value);
      if (made->second.size() > 1) expected += " and " + std::to_string(made->second.size() - 1) + " before";
      ++writes;
    }
    wrong_software.compare(n, software[n], expected);
    // rtl/invalidate.sv: 1 is BUSY.
    wrong_maintenance.compare(n, maintenance[n], number(states[n]) == 1 ? "busy" : "");
    busy += maintenance[n] == "busy";
    wrong_verdict.compare(n, agrees[n], "agrees");
  }
  CHECK(wrong.count() == 0);
  CHECK(wrong_software.count() == 0);
  CHECK(wrong_maintenance.count() == 0);
  CHECK(wrong_verdict.count() == 0);
  CHECK(operations > 3);
  CHECK(writes > 10);
  CHECK(busy > 10);
}

TEST_CASE("each entry of the twin is told as the DUT holds it in that cycle") {
  namespace rights = arch::layout::X86Rights;
  const Run& r = run();
  std::map<std::string, Values> rows;
  std::map<std::string, u64> valid, emptied;
  Wrong wrong("an entry");
  for (const Held& held : r.held) {
    for (const auto& [name, entry] : held.entries) {
      if (!rows.contains(name)) rows[name] = r.has("twin." + name) ? r("twin." + name) : Values(r.cycles);
      const std::string& text = rows[name][held.cycle];
      const std::string structure = name.substr(0, name.find('.'));
      if (!entry.valid) {
        wrong.compare(held.cycle, text, "");
        emptied[structure] +=
            held.cycle > 0 &&
            std::any_of(rows[name].begin(), rows[name].begin() + static_cast<std::ptrdiff_t>(held.cycle),
                        [](const std::string& before) { return !before.empty(); });
        continue;
      }
      ++valid[structure];
      const bool table = structure == "psc";
      std::string size = std::to_string(u64{1} << entry.size);
      for (const auto& [log2, unit] : {std::pair{10, "K"}, {20, "M"}, {30, "G"}, {40, "T"}}) {
        if (entry.size >= log2 && entry.size < log2 + 10) size = std::to_string(1u << (entry.size - log2)) + unit;
      }
      std::string expected = hex(entry.va) + (table ? " table " : " is ") + hex(entry.pa) + " " + size +
                             (entry.global ? " global" : " asid " + std::to_string(entry.asid));
      if (!table || entry.rights != 0) {
        expected += rights::W.test(entry.rights) ? " RW" : " R";
        if (rights::U.test(entry.rights)) expected += " U";
        if (rights::NX.test(entry.rights)) expected += " NX";
        if (rights::D.test(entry.rights)) expected += " D";
        if (rights::PKEY.test(entry.rights)) expected += " key " + std::to_string(rights::PKEY.get(entry.rights));
      }
      wrong.compare(held.cycle, name + " " + text, name + " " + expected);
    }
  }
  CHECK(wrong.count() == 0);
  CHECK(r.held.size() > 20);
  for (const char* structure : kStructures) {
    INFO(structure);
    CHECK(valid[structure] > 20);
    CHECK(emptied[structure] > 5);
  }
}

// rtl/README.md gives each of these pins its codes; the file has to name them beside the right signals.
TEST_CASE("the file has the names of codes at the pins and registers that have them") {
  const std::map<std::string, std::string> kTitles = {
      {"i_req_mode_i", "Mode"}, {"d_req_mode_i", "Mode"},  {"i_rsp_fault_o", "Fault"}, {"d_rsp_fault_o", "Fault"},
      {"inv_op_i", "Inv"},      {"mem_req_op_o", "MemOp"}, {"evt_sel_i", "Event"},     {"inv_state_q", "Invalidation"}};
  const Run& r = run();
  std::map<std::string, std::map<u64, std::string>> tables;  // by pin
  std::map<arch::u32, std::pair<std::string, std::map<u64, std::string>>> known;
  std::map<std::string, std::string> titles;
  arch::u32 announced = 0;
  void* reader = fstReaderOpen(r.path().c_str());
  REQUIRE(reader != nullptr);
  while (const fstHier* item = fstReaderIterateHier(reader)) {
    if (item->htyp == FST_HT_ATTRBEGIN && item->u.attr.typ == FST_AT_MISC && item->u.attr.subtype == FST_MT_ENUMTABLE) {
      announced = static_cast<arch::u32>(item->u.attr.arg);
      if (item->u.attr.name_length == 0) continue;
      fstETab* table = fstUtilityExtractEnumTableFromString(item->u.attr.name);
      REQUIRE(table != nullptr);
      auto& [title, codes] = known[announced];
      title = table->name;
      for (arch::u32 n = 0; n < table->elem_count; ++n)
        codes[std::stoull(table->val_arr[n], nullptr, 2)] = table->literal_arr[n];
      fstUtilityFreeEnumTable(table);
      announced = 0;
    } else if (item->htyp == FST_HT_VAR) {
      std::string name = item->u.var.name;
      name = name.substr(0, name.find(' '));
      name = name.substr(0, name.find('['));
      if (announced != 0) tables[name] = known[announced].second, titles[name] = known[announced].first;
      announced = 0;
    }
  }
  fstReaderClose(reader);
  for (const auto& [pin, title] : kTitles) {
    INFO(pin);
    CHECK(titles[pin] == title);
  }
  CHECK(titles.contains("d_rsp_pa_o") == false);
  // Their meaning, by the text of the same cycle and by other pins.
  const Values ready = r("d_req_ready_o"), valid = r("d_req_valid_i"), mode = r("d_req_mode_i"), id = r("d_req_id_i");
  const auto rows = requests(r);
  u64 compared = 0;
  Wrong wrong("d_req_mode_i");
  for (u64 n = 0; n + 1 < r.cycles; ++n) {
    if (!is(valid[n]) || !is(ready[n])) continue;
    std::string named = tables["d_req_mode_i"][number(mode[n])];
    for (char& c : named) c = static_cast<char>(std::tolower(c));
    const std::string& text = rows.at("d_" + std::to_string(number(id[n])))[n + 1].text;
    wrong.compare(n, named, text.substr(text.rfind(' ') + 1));
    ++compared;
  }
  CHECK(wrong.count() == 0);
  CHECK(compared > 1000);
  std::string state;
  for (const auto& signal : r.file().signals()) {
    if (signal.name.ends_with(".inv_state_q")) state = signal.name;
  }
  const Values states = r(state), ack = r("inv_ack_o"), maintenance = r("twin.maintenance");
  Wrong wrong_state("inv_state_q");
  for (u64 n = 0; n < r.cycles; ++n) {
    wrong_state.compare(n, tables["inv_state_q"][number(states[n])],
                        is(ack[n])                 ? "ACK"
                        : maintenance[n] == "busy" ? "BUSY"
                                                   : "IDLE");
  }
  CHECK(wrong_state.count() == 0);
  CHECK(tables["mem_req_op_o"][0] == "READ");
}
