// SPDX-License-Identifier: Apache-2.0
//
// Which bins are illegal, and which no stimulus can reach and why. Every other bin is owed.
#include <utility>

#include "tb/coverage/model.h"

namespace kilburn::coverage {

namespace {

template <class... A, class F, std::size_t... N>
bool apply(AxesOf<A...>, u32 index, F f, std::index_sequence<N...>) {
  constexpr std::size_t kBinsOfAxes[] = {kBinsOf<A>...};
  std::size_t at[sizeof...(A)];
  std::size_t rest = index;
  for (std::size_t n = sizeof...(A); n-- > 0;) {
    at[n] = rest % kBinsOfAxes[n];
    rest /= kBinsOfAxes[n];
  }
  return f(static_cast<A>(at[N])...);
}
template <class... A>
constexpr std::size_t axes_in(AxesOf<A...>) {
  return sizeof...(A);
}

// `covers` is asked with a place on each axis of the item.
template <ItemId I, class F>
BinRule rule(Standing standing, const char* reason, F) {
  return {I, standing,
          [](u32 index) {
            constexpr ItemAxes<I> kAxes{};
            return apply(kAxes, index, F{}, std::make_index_sequence<axes_in(kAxes)>{});
          },
          reason};
}
template <ItemId I, class F>
BinRule unreachable(const char* reason, F covers) {
  return rule<I>(Standing::unreachable, reason, covers);
}

template <class E>
constexpr bool within(E value, E first, E last) {
  return value >= first && value <= last;
}

using O = X86Outcome;
using Q = AlphaOutcome;

constexpr bool reads_a_leaf(O o) { return o == O::translated || within(o, O::user_page, O::pks_wd); }
constexpr bool reads_a_leaf(Q o) { return o == Q::translated || within(o, Q::leaf_acv, Q::on_execute); }
constexpr bool from_address(O o) { return o == O::direct || o == O::canonical; }
constexpr bool from_address(Q o) { return within(o, Q::direct, Q::superpage_mode); }
constexpr bool five_levels(O o) {
  return o == O::absent_5 || o == O::address_5 || o == O::xd_5 || o == O::ps_5 || o == O::amd_5 || o == O::bus_5;
}
constexpr bool absent_or_reserved(O o) { return within(o, O::absent_5, O::amd_4); }
constexpr bool fetch_only(O o) { return o == O::user_xd || o == O::supervisor_xd || o == O::smep; }
constexpr bool data_only(O o) { return o == O::smap || within(o, O::pku_ad, O::pks_wd); }
constexpr bool write_only(O o) { return o == O::user_write || o == O::wp || o == O::pku_wd || o == O::pks_wd; }
constexpr bool user_only(O o) { return within(o, O::user_page, O::user_xd); }
constexpr bool supervisor_only(O o) { return within(o, O::supervisor_xd, O::wp) || o == O::pks_ad || o == O::pks_wd; }
constexpr bool writes(Access a) { return a == Access::write || a == Access::implicit_write; }

// The level of the entry that decided; 0: none or any.
constexpr unsigned level_of(O o) {
  const auto run = [&](O first) { return 5 - (static_cast<unsigned>(o) - static_cast<unsigned>(first)); };
  if (within(o, O::absent_5, O::absent_1)) return run(O::absent_5);
  if (within(o, O::address_5, O::address_1)) return run(O::address_5);
  if (within(o, O::xd_5, O::xd_1)) return run(O::xd_5);
  if (within(o, O::bus_5, O::bus_1)) return run(O::bus_5);
  if (within(o, O::ps_5, O::ps_3)) return run(O::ps_5);
  if (o == O::frame_3 || o == O::frame_2) return o == O::frame_3 ? 3 : 2;
  if (o == O::amd_5 || o == O::amd_4) return o == O::amd_5 ? 5 : 4;
  return 0;
}
constexpr unsigned level_of(Q o) {
  if (within(o, Q::table_tnv_4, Q::table_tnv_2))
    return 4 - (static_cast<unsigned>(o) - static_cast<unsigned>(Q::table_tnv_4));
  if (within(o, Q::table_acv_4, Q::table_acv_2))
    return 4 - (static_cast<unsigned>(o) - static_cast<unsigned>(Q::table_acv_4));
  if (within(o, Q::bus_4, Q::bus_1)) return 4 - (static_cast<unsigned>(o) - static_cast<unsigned>(Q::bus_4));
  return 0;
}
// Of a walk that begins below this level; 0: not such a walk.
constexpr unsigned cached_level(Source s) {
  return within(s, Source::psc2, Source::psc5) ? 2 + static_cast<unsigned>(s) - static_cast<unsigned>(Source::psc2) : 0;
}
constexpr bool is_walk(Source s) { return within(s, Source::psc2, Source::again); }

// A control that an outcome needs off or on.
constexpr bool contradicts(O o, Control c, bool on) {
  switch (c) {
    case Control::wp:
      return !on && (o == O::wp || o == O::pks_wd);
    case Control::smep:
      return !on && o == O::smep;
    case Control::smap:
      return !on && o == O::smap;
    case Control::ac:
      return on && fetch_only(o);
    case Control::nxe:
      return (!on && (o == O::user_xd || o == O::supervisor_xd)) || (on && within(o, O::xd_5, O::xd_1));
    case Control::pke:
      return !on && (o == O::pku_ad || o == O::pku_wd);
    case Control::pks:
      return !on && (o == O::pks_ad || o == O::pks_wd);
    case Control::la57:
      return !on && five_levels(o);
    case Control::phys:
      return on != (o == O::direct);
    default:
      return false;
  }
}
constexpr bool contradicts(O o, unsigned settings) {
  for (unsigned bit = 0; bit < 6; ++bit) {
    if (contradicts(o, static_cast<Control>(bit), (settings >> bit & 1) != 0)) return true;
  }
  return false;
}

// SDM 4.7: what an error code can be.
constexpr bool legal_code(unsigned code) {
  const bool p = code & 1, w = code & 2, rsvd = code & 8, fetch = code & 16, key = code & 32;
  if (w && fetch) return false;
  if (!p && (rsvd || key)) return false;
  if (rsvd && key) return false;
  return !(key && fetch);
}

using Rules = std::vector<BinRule>;

void add_points(Rules& rules) {
  const auto never = [](auto...) { return true; };
  rules.push_back(unreachable<ItemId::mode>(
      "the RTL is built with 8 KB pages (rtl/README.md, Parameters); the walk's other sizes are enumerated in "
      "tests/exhaustive",
      [](Mode m) { return m >= Mode::alpha16k; }));
  rules.push_back(unreachable<ItemId::access>("at the pins a read-modify-write is a write (d_req_write_i)",
                                              [](Access a) { return a == Access::modify; }));
  rules.push_back(rule<ItemId::error_code>(Standing::illegal, "no page fault has this error code (SDM 4.7)",
                                           [](ErrorCode c) { return !legal_code(static_cast<unsigned>(c)); }));
  rules.push_back(unreachable<ItemId::controls>("no pin: address spaces are always numbered",
                                                [](Control c, Value) { return c == Control::pcide; }));
  rules.push_back(unreachable<ItemId::target>("an entry has the size of its page: nothing is fractured",
                                              [](Target t) { return t == Target::fractured; }));
  rules.push_back(unreachable<ItemId::split>(
      "an access at the pins never crosses a page: the requester splits it (rtl/README.md, Ports); "
      "tests/directed and tests/unit/sw split them",
      never));
  rules.push_back(unreachable<ItemId::corner>("an address in the hole is always refused", [](Corner c, Answer a) {
    return (c == Corner::hole_begin || c == Corner::hole_end) && a == Answer::translated;
  }));
  rules.push_back(unreachable<ItemId::replacement>(
      "a bank of the L2 TLB holds one page size and fills where there is "
      "room, whatever it holds already",
      [](Holder s, Replacement r) { return s == Holder::l2 && (r == Replacement::same || r == Replacement::mixed); }));
  rules.push_back(unreachable<ItemId::x86_bits>(
      "bit 7 of a last-level entry is PAT, and there is no PAT above level 3", [](Level l, X86Bit b, Value) {
        return (b == X86Bit::ps && l == Level::l1) || (b == X86Bit::pat && l > Level::l3);
      }));
  rules.push_back(unreachable<ItemId::alpha_bits>("the Alpha formats have 4 levels at most",
                                                  [](Level l, AlphaBit, Value) { return l == Level::l5; }));
}

void add_decisions(Rules& rules) {
  rules.push_back(
      unreachable<ItemId::x86_decision>("a prefetch is never answered, and at the pins a read-modify-write is a write",
                                        [](Access a, Privilege, X86Size, O) { return a >= Access::prefetch; }));
  rules.push_back(unreachable<ItemId::x86_decision>(
      "an implicit access is the supervisor's (SDM 4.6.1)", [](Access a, Privilege p, X86Size, O) {
        return (a == Access::implicit_read || a == Access::implicit_write) && p == Privilege::user;
      }));
  rules.push_back(unreachable<ItemId::x86_decision>(
      "a leaf has decided, or none has been read",
      [](Access, Privilege, X86Size s, O o) { return reads_a_leaf(o) == (s == X86Size::none); }));
  rules.push_back(unreachable<ItemId::x86_decision>(
      "the rule is about other accesses (SDM 4.6.1, 4.6.2)", [](Access a, Privilege p, X86Size, O o) {
        return (fetch_only(o) && a != Access::fetch) || (data_only(o) && a == Access::fetch) ||
               (write_only(o) && !writes(a)) || (user_only(o) && p != Privilege::user) ||
               (supervisor_only(o) && p != Privilege::supervisor);
      }));
  rules.push_back(unreachable<ItemId::alpha_decision>(
      "a valid leaf has decided, or none has been read",
      [](Operation, AlphaMode, AlphaSize s, Q o) { return reads_a_leaf(o) == (s == AlphaSize::none); }));
  rules.push_back(unreachable<ItemId::alpha_decision>(
      "the rule is about other accesses or modes", [](Operation a, AlphaMode m, AlphaSize, Q o) {
        return (o == Q::on_read && a != Operation::read) || (o == Q::on_write && a != Operation::write) ||
               (o == Q::on_execute && a != Operation::fetch) || (o == Q::superpage && m != AlphaMode::kernel) ||
               (o == Q::superpage_mode && m == AlphaMode::kernel);
      }));
  rules.push_back(unreachable<ItemId::outcome_control>("no pin: address spaces are always numbered",
                                                       [](O, Control c, Value) { return c == Control::pcide; }));
  rules.push_back(
      unreachable<ItemId::outcome_control>("the rule needs the control the other way (SDM 4.5, 4.6); a fetch has no AC",
                                           [](O o, Control c, Value v) { return contradicts(o, c, v == Value::one); }));
  rules.push_back(unreachable<ItemId::outcome_protection>(
      "the rule needs a control the other way (SDM 4.5, 4.6); a fetch has no AC",
      [](O o, Protection p) { return contradicts(o, static_cast<unsigned>(p)); }));
  rules.push_back(unreachable<ItemId::table_image>(
      "level 1 is the leaf's, and the Alpha formats have 4 levels at most",
      [](Level l, TableImage, AlphaMode, Operation) { return l == Level::l1 || l == Level::l5; }));
}

void add_sources(Rules& rules) {
  rules.push_back(rule<ItemId::x86_outcome_source>(
      Standing::illegal, "not present and reserved bits are never cached (SDM 4.10.2.3)",
      [](O o, Source s) { return absent_or_reserved(o) && within(s, Source::l1, Source::merged); }));
  rules.push_back(
      unreachable<ItemId::x86_outcome_source>("what the address decides reads no table, and nothing else is decided so",
                                              [](O o, Source s) { return from_address(o) != (s == Source::direct); }));
  rules.push_back(unreachable<ItemId::x86_outcome_source>(
      "faults come from walks only: what a TLB does not grant is walked for (rtl/README.md, Side)",
      [](O o, Source s) { return o != O::translated && !from_address(o) && !is_walk(s); }));
  rules.push_back(unreachable<ItemId::x86_outcome_source>("the walk begins below that level", [](O o, Source s) {
    return level_of(o) != 0 && cached_level(s) != 0 && level_of(o) >= cached_level(s);
  }));
  rules.push_back(unreachable<ItemId::alpha_outcome_source>(
      "the Alpha formats have 4 levels at most: no cache of level 5", [](Q, Source s) { return s == Source::psc5; }));
  rules.push_back(unreachable<ItemId::alpha_outcome_source>(
      "what the address decides reads no table, and nothing else is decided so",
      [](Q o, Source s) { return from_address(o) != (s == Source::direct); }));
  rules.push_back(unreachable<ItemId::alpha_outcome_source>(
      "a miss for software is the L1 TLB's answer", [](Q o, Source s) { return o == Q::miss && s != Source::l1; }));
  rules.push_back(unreachable<ItemId::alpha_outcome_source>(
      "the L1 TLB refuses with REFILL only, by the rights of its entry; all else is walked for (rtl/README.md, Side)",
      [](Q o, Source s) {
        return o != Q::translated && o != Q::miss && !from_address(o) && !is_walk(s) &&
               !(s == Source::l1 && within(o, Q::leaf_acv, Q::on_execute));
      }));
  rules.push_back(unreachable<ItemId::alpha_outcome_source>("the walk begins below that level", [](Q o, Source s) {
    return level_of(o) != 0 && cached_level(s) != 0 && level_of(o) >= cached_level(s);
  }));
  rules.push_back(unreachable<ItemId::denial_source>(
      "faults come from walks only: what a TLB does not grant is walked for (rtl/README.md, Side)",
      [](Denial, Level, Source s) { return !is_walk(s); }));
}

template <ItemId I, class Size>
void add_target(Rules& rules) {
  using V = Invalidation;
  rules.push_back(unreachable<I>("a fill or another code ends nothing", [](V v, Target, Size, Residence) {
    return v == V::fill_i || v == V::fill_d || v == V::no_operation;
  }));
  rules.push_back(unreachable<I>("an entry has the size of its page: nothing is fractured",
                                 [](V, Target t, Size, Residence) { return t == Target::fractured; }));
  rules.push_back(unreachable<I>("no page is held there, or an entry of a structure cache, which has no page",
                                 [](V, Target t, Size s, Residence r) {
                                   return (s == Size::none) !=
                                          (r == Residence::psc || t == Target::miss || t == Target::psc_only);
                                 }));
  rules.push_back(
      unreachable<I>("a structure cache has no pages and no global entries", [](V, Target t, Size, Residence r) {
        return r == Residence::psc && (t == Target::other_part || t == Target::global);
      }));
  rules.push_back(unreachable<I>("the structure cache alone", [](V, Target t, Size, Residence r) {
    return t == Target::psc_only && r != Residence::psc;
  }));
  rules.push_back(unreachable<I>("the smallest page has no other part", [](V, Target t, Size s, Residence) {
    return t == Target::other_part && static_cast<unsigned>(s) == 1;
  }));
  rules.push_back(unreachable<I>("the operation names no address", [](V v, Target t, Size, Residence) {
    return (v == V::all || v == V::nonglobal || v == V::asid) && (t == Target::other_part || t == Target::psc_only);
  }));
}

template <ItemId I, class Change>
void add_change(Rules& rules, bool x86) {
  rules.push_back(unreachable<I>("what the address decides reads no table",
                                 [](Change, Invalidated, Spurious, Source s) { return s == Source::direct; }));
  rules.push_back(
      unreachable<I>("then the tables of now refuse the access", [](Change c, Invalidated, Spurious p, Source) {
        return static_cast<unsigned>(c) == 1 && p == Spurious::yes;  // P or V cleared
      }));
  if (x86) {
    rules.push_back(
        unreachable<I>("faults come from walks only: what a TLB does not grant is walked for (rtl/README.md, Side)",
                       [](Change, Invalidated, Spurious p, Source s) { return p == Spurious::yes && !is_walk(s); }));
  } else {
    rules.push_back(unreachable<I>("the L1 TLB refuses with REFILL only; all else is walked for (rtl/README.md, Side)",
                                   [](Change, Invalidated, Spurious p, Source s) {
                                     return p == Spurious::yes && !is_walk(s) && s != Source::l1;
                                   }));
    rules.push_back(unreachable<I>("the Alpha formats have 4 levels at most: no cache of level 5",
                                   [](Change, Invalidated, Spurious, Source s) { return s == Source::psc5; }));
  }
}

template <ItemId I, class Size>
void add_replacement(Rules& rules) {
  rules.push_back(
      unreachable<I>("what is filled has a size", [](Holder, Replacement, Size s) { return s == Size::none; }));
  rules.push_back(unreachable<I>(
      "a bank of the L2 TLB holds one page size and fills where there is room, whatever it holds already",
      [](Holder s, Replacement r, Size) {
        return s == Holder::l2 && (r == Replacement::same || r == Replacement::mixed);
      }));
}

void add_walks(Rules& rules) {
  using D = AdAction;
  constexpr auto kItem = ItemId::ad_size_concurrency;
  rules.push_back(unreachable<kItem>("the walk that ends is itself one",
                                     [](D, X86Size, Concurrency c) { return c == Concurrency::idle; }));
  rules.push_back(unreachable<kItem>(
      "a leaf whose A or D was set is translated: its rights were judged before", [](D d, X86Size s, Concurrency) {
        return s == X86Size::none &&
               (d == D::a_1 || d == D::both || d == D::d || d == D::dirty_miss || d == D::lost_then_translated);
      }));
  rules.push_back(unreachable<kItem>("a walk that ends in a fault has no page", [](D d, X86Size s, Concurrency) {
    return d == D::lost_then_fault && s != X86Size::none;
  }));
  rules.push_back(
      unreachable<kItem>("the walk of a larger page ends above that level", [](D d, X86Size s, Concurrency) {
        return (d == D::a_1 && (s == X86Size::m2 || s == X86Size::g1)) || (d == D::a_2 && s == X86Size::g1);
      }));
  rules.push_back(unreachable<ItemId::invalidation_timing>(
      "fills are Alpha's, compare-and-swap is x86-64's", [](Invalidation v, Timing t) {
        return (v == Invalidation::fill_i || v == Invalidation::fill_d) && t == Timing::swap;
      }));
  rules.push_back(
      unreachable<ItemId::invalidation_timing>("it is the end of a walk of its own, whatever other walks do",
                                               [](Invalidation v, Timing) { return v == Invalidation::page_fault; }));
}

Rules all_rules() {
  Rules rules;
  add_points(rules);
  add_decisions(rules);
  add_sources(rules);
  add_walks(rules);
  add_target<ItemId::x86_target, X86Size>(rules);
  add_target<ItemId::alpha_target, AlphaSize>(rules);
  add_change<ItemId::x86_change_use, X86Change>(rules, true);
  add_change<ItemId::alpha_change_use, AlphaChange>(rules, false);
  add_replacement<ItemId::x86_replacement, X86Size>(rules);
  add_replacement<ItemId::alpha_replacement, AlphaSize>(rules);
  rules.push_back(unreachable<ItemId::alpha_target>(
      "page faults invalidate in x86-64 only (SDM 4.10.4.1)",
      [](Invalidation v, Target, AlphaSize, Residence) { return v == Invalidation::page_fault; }));
  return rules;
}

}  // namespace

const std::vector<BinRule>& rules_of_bins() {
  static const std::vector<BinRule> rules = all_rules();
  return rules;
}

}  // namespace kilburn::coverage
