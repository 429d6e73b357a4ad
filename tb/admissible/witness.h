// SPDX-License-Identifier: Apache-2.0
//
// The search for a witness: a way through the tables, as memory held them in the request's windows, that explains a
// response. What an entry means is the decision core's to say (model/arch/walk.h); this decides which entries count.
#pragma once

#include <array>
#include <boost/container/small_vector.hpp>
#include <boost/container/static_vector.hpp>
#include <optional>
#include <string>
#include <vector>

#include "model/arch/plain_tables.h"
#include "model/arch/walk.h"
#include "tb/admissible/address_spaces.h"
#include "tb/admissible/invalidations.h"
#include "tb/admissible/relaxations.h"
#include "tb/admissible/software_fills.h"
#include "tb/admissible/versions.h"

namespace kilburn::admissible {

struct Asked {
  arch::Request request;
  arch::Context context;
  Side side = Side::data;
  Time accepted = kAlways;
  bool speculative = false;  // the requester drops the answer
};

struct Response {
  arch::Fault fault = arch::Fault::none;
  u16 error = 0;
  u8 level = 0;
  u64 pa = 0;
  u8 size = 0;
  u8 memory_type = 0;
  bool global = false;
  Time decided = kForever;  // the last moment whose memory it may show

  bool operator==(const Response&) const = default;
};
Response response_of(const arch::Verdict&);
bool same(const Response&, const Response&);  // whatever the time

struct WitnessStep {
  u64 pa;
  Version version;
  unsigned age;  // versions after it
  u8 level;
};
using WitnessPath = boost::container::static_vector<WitnessStep, 6>;

// What breaks a way through the tables that comes near the response.
struct NearMiss {
  WitnessPath path;
  unsigned level = 0;  // at which it breaks; 0: the response as a whole
  std::string reason;
  unsigned score = 0;
};

// Rules left out, to find the one that a response breaks.
struct Without {
  bool self_invalidation = false;  // W5
  bool invalidations = false;      // W2, W4
  bool cacheability = false;       // W3
  bool roots = false;              // W1
};

// One MMU as the search sees it.
struct MmuView {
  arch::Format format;
  const arch::Settings& settings;
  const Relaxations& relaxations;
  const Versions& versions;
  const Invalidations& invalidations;
  const AddressSpaces& spaces;
  const SoftwareFills& fills;
  const boost::unordered_flat_map<u64, Time>& bus_errors;
};

class WitnessSearch {
 public:
  WitnessSearch(const MmuView& view, const Asked& asked, const Response& response);

  struct Found {
    bool admissible = false;
    Legality legality = Legality::fresh;
    unsigned age = 0;      // versions by which the oldest level lags
    bool unknown = false;  // history was given up that may hold a witness, or the search became too long
    WitnessPath path;
  };
  // `guide`: a way that explained another response; it is tried before all others but the fresh ones. `not_fresh`: no
  // fresh way leads to the response, as is_not_fresh() has found.
  Found run(const Without& without = {}, const WitnessPath* guide = nullptr, bool not_fresh = false);
  // Whether the translation of now shows without a search that no fresh way explains the response; false: unknown.
  bool is_not_fresh(const arch::Verdict& now) const;

  // Whether this request, a store, may set D in the last-level entry at `pa` (W6).
  bool may_dirty(u64 pa);

  // Ways that come near, best first; for a response that run() does not admit.
  std::vector<NearMiss> nearest(std::size_t count);

 private:
  struct Hold {
    Time lo, hi;  // the latest begin and the earliest end of the values so far
  };
  enum class Pass : u8 { fresh, any };

  bool from_root(const Root& root);
  bool descend(unsigned level, u64 table, const arch::Accumulated& above, const Hold& hold, bool unset);
  bool look_below(unsigned level, u64 table, const arch::Accumulated& above, const Hold& hold, bool unset);
  bool consider(unsigned level, u64 pa, const Version& version, unsigned age, const arch::Accumulated& above,
                const Hold& hold, bool unset);
  bool refused_now(unsigned level, u64 value, const arch::Accumulated& above, const Hold& hold, bool fresh);
  bool leaf(unsigned level, const Version& version, const arch::Translation& translation, const Hold& hold, bool unset);
  bool answers(unsigned level, const arch::Translation& translation, bool unset);
  bool by_hint(u64 table, const Hold& hold);
  bool too_small(unsigned level) const;
  bool maps_another(unsigned level, u64 value) const;
  bool bus_error(unsigned level, u64 pa, const Hold& hold);
  bool filled();
  bool pass(Pass pass, bool own_space, bool others);
  bool separated(Time before, Time after) const;
  bool cut(Time before, Time after);  // the same, of the window of the levels above
  bool failed_before(unsigned level, u64 table, const arch::Accumulated& above, const Hold& hold, bool unset);
  void near(unsigned level, unsigned score, const char* reason);
  Legality legality() const;

  const MmuView& view_;
  const Asked& asked_;
  const Response& response_;
  Without without_;
  const WitnessPath* guide_ = nullptr;  // while only this way is tried
  bool x86_, refill_;
  Pass pass_ = Pass::fresh;
  Time floor_ = kAlways;            // nothing that ended before it counts
  bool own_ = true;                 // the walk is one of the request's own address space
  bool own_root_ = true;            // and from its own top table
  arch::FormatInfo info_{};         // of the walk from this top table
  arch::Context walk_context_;      // controls that entries are judged under, whatever the access
  arch::PlainTables plain_tables_;  // of walk_context_; x86-64
  WitnessPath path_;
  bool refused_from_cache_ = false;
  bool unknown_ = false;
  u64 looked_at_ = 0;
  // Tables that led nowhere, and the widest window that was tried; if no failure below came from the window, any.
  struct Failed {
    u64 table;
    arch::Accumulated above;
    bool unset;
    Hold hold;
  };
  std::array<boost::container::small_vector<Failed, 8>, 6> failed_;  // by level
  bool for_window_ = false;      // something failed for the window of the levels above it
  Time tables_start_ = kAlways;  // no invalidation that separates is later
  std::optional<u64> dirty_;     // may_dirty(): the entry
  bool collect_ = false;
  std::vector<NearMiss> near_;
};

}  // namespace kilburn::admissible
