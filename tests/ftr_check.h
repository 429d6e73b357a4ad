// SPDX-License-Identifier: Apache-2.0
//
// The transactions of a run against the pins in its wave file, and its relations among themselves.
#pragma once

#include <functional>
#include <set>

#include "model/arch/judgement.h"
#include "tb/failure/timing_diagram.h"
#include "tb/text.h"
#include "tests/ftr_reader.h"

namespace kilburn::test {

// What is wrong, a line each; nothing for a file that is right. `first`: cycle; those before are not in the waves.
class FtrCheck {
 public:
  using u64 = std::uint64_t;

  FtrCheck(const Ftr& ftr, const tb::FstFile& waves, const tb::CycleTimes& times, u64 first, u64 cycles)
      : ftr_(ftr), waves_(waves), times_(times), first_(first), cycles_(cycles) {
    for (const auto& [id, t] : ftr.transactions) by_[ftr.generator_of(t)].push_back(id);
  }

  std::vector<std::string> run() {
    if (ftr_.time_scale != waves_.time_scale()) wrong("another time scale than the waves'");
    relations();
    for (const auto& [generator, ids] : by_) in_turn(generator, ids);
    for (const std::string side : {"i", "d"}) port(side);
    memory();
    operations();
    written_values();
    walks();
    return wrong_;
  }
  // Compared with a pin or with each other.
  u64 compared() const { return compared_; }

 private:
  using Transaction = Ftr::Transaction;

  void wrong(const std::string& what) { wrong_.push_back(what); }
  void check(bool is, const std::string& what) {
    ++compared_;
    if (!is) wrong(what);
  }
  const Transaction& transaction(u64 id) const { return ftr_.transactions.at(id); }

  // The edges that begin and end a cycle.
  u64 begin_of(u64 cycle) const {
    const u64 at = times_(cycle);
    return std::max(waves_.begin(), at - tb::kTimePerCycle / 2);
  }
  u64 end_of(u64 cycle) const { return times_(cycle) + tb::kTimePerCycle / 2; }

  void relations() {
    // From which streams to which a relation may go.
    static const std::map<std::string, std::set<std::pair<std::string, std::string>>> kEnds = {
        {"walk", {{"i", "walks"}, {"d", "walks"}}},   {"access", {{"walks", "memory"}}},
        {"result", {{"walks", "i"}, {"walks", "d"}}}, {"merged", {{"walks", "i"}, {"walks", "d"}}},
        {"response", {{"i", "i"}, {"d", "d"}}},       {"value", {{"software", "memory"}, {"memory", "memory"}}}};
    std::set<u64> answered;
    for (const Ftr::Relation& r : ftr_.relations) {
      const std::string which = r.name + " from " + std::to_string(r.source) + " to " + std::to_string(r.sink);
      if (!ftr_.transactions.contains(r.source) || !ftr_.transactions.contains(r.sink)) {
        wrong(which + ": there is no such transaction");
        continue;
      }
      const Transaction &source = transaction(r.source), &sink = transaction(r.sink);
      const auto stream = [&](const Transaction& t) { return ftr_.generators.at(t.generator).stream; };
      check(stream(source) == r.source_stream && stream(sink) == r.sink_stream, which + ": of other streams");
      const auto ends = std::pair(ftr_.streams.at(stream(source)), ftr_.streams.at(stream(sink)));
      check(kEnds.contains(r.name) && kEnds.at(r.name).contains(ends), which + ": these have no such relation");
      check(source.begin <= sink.begin, which + ": goes back in time");
      if (r.name == "walk" || r.name == "response") {
        check(source["number"] == sink["number"], which + ": of requests " + source["number"] + ", " + sink["number"]);
        check(sink.end <= source.end, which + ": outlasts the request");
      }
      if (r.name == "response") check(answered.insert(r.source).second, which + ": a second response");
      if (r.name == "result") {
        check(source["number"] == sink["number"], which + ": of requests " + source["number"] + ", " + sink["number"]);
      }
      if (r.name == "result" || r.name == "merged") check(source.end <= sink.begin, which + ": the walk goes on");
      if (r.name == "access") {
        check(ftr_.generator_of(source).substr(7) == ftr_.generator_of(sink).substr(7), which + ": another walker's");
        check(sink.begin < source.end, which + ": the walk is over");
      }
      if (r.name == "value") {
        check(source["pa"] == sink["pa"], which + ": at another address");
        check(source[source["access"] == "swap" ? "writes" : "value"] == sink["value"], which + ": another value");
      }
    }
  }

  // Those of one generator do not overlap; software writes several words at a time.
  void in_turn(const std::string& generator, const std::vector<u64>& ids) {
    u64 last = 0;
    for (const u64 id : ids) {
      const Transaction& t = transaction(id);
      check(t.begin <= t.end && t.begin >= waves_.begin() && t.end <= waves_.end(), generator + ": a time outside");
      if (generator == "software") continue;
      check(t.begin >= last, generator + ": number " + std::to_string(id) + " overlaps the one before");
      last = t.end;
    }
  }

  std::vector<std::string> pin(const std::string& name) const {
    return tb::sample(waves_, {name}, first_, cycles_ - 1, times_).traces[0].values;
  }
  static u64 value(const std::string& text) { return std::stoull(text, nullptr, 0); }

  // The transaction of the generator that ends with this cycle.
  const Transaction* ending(const std::string& generator, u64 cycle) {
    const Transaction* found = nullptr;
    for (const u64 id : by_[generator]) {
      const Transaction& t = transaction(id);
      if (t.end != end_of(cycle)) continue;
      check(found == nullptr || t.begin == t.end, generator + ": two end in cycle " + std::to_string(cycle));
      if (found == nullptr) found = &t;
    }
    return found;
  }
  // The one that begins with this cycle, or at its end, as its generator was busy until then.
  const Transaction* beginning(const std::string& generator, u64 cycle) {
    const Transaction *now = nullptr, *next = nullptr;
    bool busy = false;
    for (const u64 id : by_[generator]) {
      const Transaction& t = transaction(id);
      if (t.begin == begin_of(cycle)) now = &t;
      if (t.begin == end_of(cycle)) next = &t;
      busy |= t.begin <= begin_of(cycle) && t.end == end_of(cycle);
    }
    return busy ? next : now;
  }

  void port(const std::string& side) {
    const auto valid = pin(side + "_req_valid_i"), ready = pin(side + "_req_ready_o"), id = pin(side + "_req_id_i"),
               va = pin(side + "_req_va_i");
    const auto answers = pin(side + "_rsp_valid_o"), taken = pin(side + "_rsp_ready_i"),
               answer_id = pin(side + "_rsp_id_o"), pa = pin(side + "_rsp_pa_o"), fault = pin(side + "_rsp_fault_o");
    u64 accepted = 0, ended = 0;
    for (u64 n = 0; n < valid.size(); ++n) {
      const u64 cycle = first_ + n;
      const std::string where = " in cycle " + std::to_string(cycle) + " on " + side;
      if (valid[n] == "1" && ready[n] == "1") {
        const Transaction* t = beginning(side + "_" + std::to_string(value(id[n])), cycle);
        check(t != nullptr, "no request begins" + where);
        ++accepted;
        if (t == nullptr) continue;
        check((*t)["va"] == tb::hex(value(va[n])), "va " + (*t)["va"] + where);
        check((*t)["cycle"] == std::to_string(cycle), "cycle " + (*t)["cycle"] + where);
      }
      if (answers[n] != "1" || taken[n] != "1") continue;
      for (const std::string& of : {side + "_" + std::to_string(value(answer_id[n])), side + "_response"}) {
        const Transaction* t = ending(of, cycle);
        check(t != nullptr, "no " + of + " ends" + where);
        ++ended;
        if (t == nullptr) continue;
        const auto code = static_cast<arch::Fault>(value(fault[n]));
        if (code == arch::Fault::none) {
          check((*t)["pa"] == tb::hex(value(pa[n])) && (*t)["fault"].empty(), of + " pa " + (*t)["pa"] + where);
        } else {
          check((*t)["fault"] == arch::name(code) && (*t)["pa"].empty(), of + " fault " + (*t)["fault"] + where);
        }
      }
    }
    // And no others.
    u64 requests = 0, responses = 0;
    for (const auto& [generator, ids] : by_) {
      if (!generator.starts_with(side + "_")) continue;
      for (const u64 each : ids) {
        const std::string note = transaction(each)["note"];
        const bool response = generator.ends_with("response");
        requests += !response && note != "began before the waves";
        responses += note.empty() || note == "began before the waves" || note == "answers no request";
      }
    }
    check(requests == accepted, std::to_string(requests) + " requests, " + std::to_string(accepted) + " on " + side);
    check(responses == ended, std::to_string(responses) + " responses, " + std::to_string(ended) + " on " + side);
    u64 last = 0;
    std::map<u64, u64> in_order;
    for (const auto& [each, t] : ftr_.transactions) {
      if (ftr_.streams.at(ftr_.generators.at(t.generator).stream) != side || t["cycle"].empty()) continue;
      check(in_order.emplace(value(t["number"]), value(t["cycle"])).second, "request number twice on " + side);
    }
    for (const auto& [number, cycle] : in_order) {
      check(cycle >= last, "request " + std::to_string(number) + " is earlier than the one before");
      last = cycle;
    }
  }

  void memory() {
    const auto valid = pin("mem_req_valid_o"), ready = pin("mem_req_ready_i"), id = pin("mem_req_id_o"),
               address = pin("mem_req_addr_o"), op = pin("mem_req_op_o"), data = pin("mem_req_data_o");
    const auto answers = pin("mem_rsp_valid_i"), answer_id = pin("mem_rsp_id_i"), found = pin("mem_rsp_data_i"),
               error = pin("mem_rsp_err_i"), match = pin("mem_rsp_match_i");
    for (u64 n = 0; n < valid.size(); ++n) {
      const u64 cycle = first_ + n;
      const std::string where = " in cycle " + std::to_string(cycle);
      if (valid[n] == "1" && ready[n] == "1") {
        const Transaction* t = beginning("memory_" + std::to_string(value(id[n])), cycle);
        check(t != nullptr, "no access begins" + where);
        if (t == nullptr) continue;
        check((*t)["pa"] == tb::hex(value(address[n])), "access to " + (*t)["pa"] + where);
        check((*t)["access"] == (op[n] == "1" ? "swap" : "read"), "access is " + (*t)["access"] + where);
        if (op[n] == "1") check((*t)["writes"] == tb::hex(value(data[n])), "writes " + (*t)["writes"] + where);
      }
      if (answers[n] != "1") continue;
      const Transaction* t = ending("memory_" + std::to_string(value(answer_id[n])), cycle);
      check(t != nullptr, "no access ends" + where);
      if (t == nullptr) continue;
      check(error[n] == "1" ? (*t)["note"] == "bus error" : (*t)["value"] == tb::hex(value(found[n])),
            "access finds " + (*t)["value"] + where);
      if ((*t)["access"] == "swap") check((*t)["swapped"] == (match[n] == "1" ? "yes" : "no"), "swapped" + where);
    }
  }

  void operations() {
    const auto valid = pin("inv_valid_i"), ready = pin("inv_ready_o"), ack = pin("inv_ack_o"), va = pin("inv_va_i"),
               op = pin("inv_op_i");
    for (u64 n = 0; n < valid.size(); ++n) {
      const u64 cycle = first_ + n;
      const std::string where = " in cycle " + std::to_string(cycle);
      if (ack[n] == "1") check(ending("operation", cycle) != nullptr, "no operation ends" + where);
      if (valid[n] != "1" || ready[n] != "1") continue;
      const Transaction* t = beginning("operation", cycle);
      check(t != nullptr, "no operation begins" + where);
      if (t == nullptr) continue;
      check((*t)["va"] == tb::hex(value(va[n])), "operation at " + (*t)["va"] + where);
      check((*t)["operation"] == tb::invalidation_name(static_cast<unsigned>(value(op[n]))), "operation" + where);
    }
  }

  // An access that finds what software wrote last, before it began and with nothing between, has a relation that says
  // so.
  void written_values() {
    std::set<std::pair<u64, u64>> related;
    for (const Ftr::Relation& r : ftr_.relations) related.insert({r.source, r.sink});
    std::map<std::string, std::vector<u64>> writes, swaps;  // by address
    for (const u64 id : by_["software"]) writes[transaction(id)["pa"]].push_back(id);
    for (const auto& [id, t] : ftr_.transactions) {
      if (t["swapped"] == "yes") swaps[t["pa"]].push_back(id);
    }
    for (const auto& [id, t] : ftr_.transactions) {
      if (!ftr_.generator_of(t).starts_with("memory_") || !writes.contains(t["pa"])) continue;
      u64 last = 0;
      bool between = false;
      for (const u64 write : writes[t["pa"]]) {
        if (transaction(write).begin <= t.begin) last = write;
        between |= transaction(write).begin > t.begin && transaction(write).begin <= t.end;
      }
      for (const u64 swap : swaps[t["pa"]]) {
        between |= swap != id && last != 0 && transaction(swap).end >= transaction(last).begin &&
                   transaction(swap).begin <= t.end;
      }
      if (last == 0 || between || transaction(last)["value"] != t["value"]) continue;
      check(related.contains({last, id}),
            "value from " + std::to_string(last) + " to " + std::to_string(id) + " missing");
    }
    if (waves_.find("transactions.software") == nullptr) return;
    u64 told = 0;  // "0x1000 := 0x5 and 2 before"
    for (const std::string& row : pin("transactions.software")) {
      const auto more = row.find(" and ");
      told += row.find(":=") == std::string::npos ? 0 : more == std::string::npos ? 1 : 1 + value(row.substr(more + 5));
    }
    check(told == by_["software"].size(), std::to_string(told) + " writes in the rows");
  }

  // A walk is there while its walker's row is, which names the same request.
  void walks() {
    for (unsigned n = 0; waves_.find("twin.walker_" + std::to_string(n)) != nullptr; ++n) {
      const std::string name = "walker_" + std::to_string(n);
      const auto row = pin("twin." + name);
      for (u64 m = 0; m < row.size(); ++m) {
        const u64 middle = times_(first_ + m);
        const Transaction* of = nullptr;
        for (const u64 id : by_[name]) {
          if (transaction(id).begin <= middle && middle < transaction(id).end) of = &transaction(id);
        }
        const std::string where = name + " in cycle " + std::to_string(first_ + m);
        check((of != nullptr) == (row[m] != " "), where + ": " + row[m]);
        if (of == nullptr || row[m] == " ") continue;
        check(row[m].starts_with("#" + (*of)["number"] + " "), where + ": #" + (*of)["number"] + ", not " + row[m]);
      }
    }
  }

  const Ftr& ftr_;
  const tb::FstFile& waves_;
  const tb::CycleTimes& times_;
  u64 first_, cycles_;
  std::map<std::string, std::vector<u64>> by_;  // generator
  std::vector<std::string> wrong_;
  u64 compared_ = 0;
};

}  // namespace kilburn::test
