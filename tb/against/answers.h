// SPDX-License-Identifier: Apache-2.0
//
// The answers of two DUTs to the same requests, paired by request and compared.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "tb/against/judged_monitor.h"
#include "tb/lockstep/history.h"

namespace kilburn::against {

enum class Who : arch::u8 { a, b };

// Answers that are both legal may differ: an MMU may hold what another has dropped. How often and in what is told.
struct Differing {
  Legality a, b;
  auto operator<=>(const Differing&) const = default;
};

class Answers {
 public:
  // A request that both get. Its id was free on this side.
  void asked(tb::Side, unsigned id, const tb::OpenRequest&);
  // An answer as it was taken. The second one of a request is compared with the first.
  void answered(Who, tb::Side, const kilburn_req_out&, Legality);

  bool waits_for(Who who, tb::Side side, unsigned id) const {
    return (open_[index(side)][id & 15].missing & bit(who)) != 0;
  }
  // Requests that one has answered and the other has not: bit 16 * side + id.
  arch::u32 answered_only_by_a() const { return only_a_; }
  void clear();

  u64 compared() const { return compared_; }
  u64 equal() const { return equal_; }
  u64 differing() const { return compared_ - equal_; }
  const std::map<Differing, u64>& by_class() const { return by_class_; }
  // Of the differing: one translated and the other faulted.
  u64 differing_in_outcome() const { return outcomes_; }
  // The first few differing pairs, one line each.
  const std::vector<std::string>& examples() const { return examples_; }

 private:
  struct Open {
    unsigned missing = 0;  // bits of those that have not answered
    tb::OpenRequest request;
    kilburn_req_out first{};
    Legality legality{};
  };
  static constexpr unsigned bit(Who who) { return who == Who::a ? 1 : 2; }
  static constexpr unsigned index(tb::Side side) { return static_cast<unsigned>(side); }
  void compare(tb::Side, const Open&, const kilburn_req_out& a, Legality of_a, const kilburn_req_out& b, Legality of_b);

  std::array<std::array<Open, 16>, 2> open_{};
  arch::u32 only_a_ = 0;
  u64 compared_ = 0, equal_ = 0, outcomes_ = 0;
  std::map<Differing, u64> by_class_;
  std::vector<std::string> examples_;
  static constexpr std::size_t kExamples = 3;
};

}  // namespace kilburn::against
