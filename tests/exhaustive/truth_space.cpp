// SPDX-License-Identifier: Apache-2.0
//
// The truth tables of tests/truth as spaces: x86-64 leaves by a walk and by an answer from the TLB, Alpha leaves in
// both layouts, Alpha's upper entries.
#include "tests/exhaustive/space.h"
#include "tests/exhaustive/tables.h"
#include "tests/truth/alpha.h"
#include "tests/truth/x86_64.h"

namespace kilburn::exhaustive {
namespace {

constexpr u64 kVa = 0x12'3456'8000;
constexpr u64 kFrame = 0x5000'0000;

// --- x86-64 -----------------------------------------------------------------------------------------

void begin_x86(Machine& machine) {
  machine.restart({});  // MAXPHYADDR 40: bit 51 is reserved
  machine.context = {};
  link_tables(machine, kVa, 4);
}

void compare_x86(Report& report, const Response& r, const truth::X86Expected& e) {
  report.same("fault", static_cast<u64>(r.fault), static_cast<u64>(e.fault ? Fault::page : Fault::none));
  report.same("error code", r.err, e.error);
  report.same("level", r.level, e.fault);
  report.same("pa", r.pa, e.fault ? 0 : kFrame + 0x128);
  report.same("size", r.size, e.fault ? 0 : 12);
}

// The last of the table's pairs of access and privilege, an implicit fetch, has no pins: it is the walk's alone.
constexpr u64 kImplicitFetches = u64{1} << 16;
constexpr u64 kPinCases = truth::kX86Cases - kImplicitFetches;

template <bool kCached>
void run_x86(u64 n, Machine& machine, Report& report) {
  const truth::X86Case c = truth::x86_case(static_cast<u32>(n));
  machine.store(slot_at(kVa, 1), c.leaf(kFrame));
  machine.invalidate(arch::layout::Inv::PAGE, kVa, 0);
  if (kCached) {
    // A supervisor access that no control forbids puts what is present into the TLB of the side.
    truth::X86Case first = c;
    first.privilege = truth::Privilege::supervisor;
    first.op = c.op == Op::fetch ? Op::fetch : Op::read;
    first.wp = first.smep = first.smap = first.pke = first.pks = false;
    machine.context = first.context(table_at(4));
    compare_x86(report, machine.access(first.request(kVa + 0x128)), truth::expected(first));
  }
  machine.context = c.context(table_at(4));
  compare_x86(report, machine.access(c.request(kVa + 0x128)), truth::expected(c));
}

std::string describe_x86(u64 n) {
  const truth::X86Case c = truth::x86_case(static_cast<u32>(n));
  std::string text = std::string(arch::name(c.op)) + (c.privilege == truth::Privilege::user         ? " user"
                                                      : c.privilege == truth::Privilege::supervisor ? " supervisor"
                                                                                                    : " implicit");
  const std::pair<bool, const char*> bits[] = {{c.p, "p"},
                                               {c.rsvd, "rsvd"},
                                               {c.w, "w"},
                                               {c.u, "u"},
                                               {c.nx, "nx"},
                                               {c.wp, "WP"},
                                               {c.smep, "SMEP"},
                                               {c.smap, "SMAP"},
                                               {c.ac, "AC"},
                                               {c.nxe, "NXE"},
                                               {c.pke, "PKE"},
                                               {c.pks, "PKS"},
                                               {c.user_ad, "PKRU.AD"},
                                               {c.user_wd, "PKRU.WD"},
                                               {c.supervisor_ad, "PKRS.AD"},
                                               {c.supervisor_wd, "PKRS.WD"}};
  for (const auto& [set, name] : bits) {
    if (set) text += std::string(" ") + name;
  }
  return text + " key " + std::to_string(c.key);
}

// --- Alpha ------------------------------------------------------------------------------------------

template <Format kFormat>
struct AlphaSpace {
  static constexpr unsigned kShift = kFormat == Format::alpha ? 13 : 12;
  static constexpr unsigned kLevels = kFormat == Format::alpha ? 3 : 4;

  static u64 slot(unsigned level) { return slot_at(kVa, level, kShift, kShift - 3); }
  static u64 entry(u64 pa, u64 low) { return pa >> kShift << 32 | low; }
  static void begin(Machine& machine) {
    machine.restart({});
    machine.context = {};
    machine.context.root = table_at(kLevels);
    for (unsigned level = kLevels; level >= 2; --level) machine.store(slot(level), entry(table_at(level - 1), 1));
  }
  static void compare(Report& report, const Response& r, Fault fault, unsigned level) {
    report.same("fault", static_cast<u64>(r.fault), static_cast<u64>(fault));
    report.same("level", r.level, fault == Fault::none ? 0 : level);
    report.same("pa", r.pa, fault == Fault::none ? kFrame + 0x128 : 0);
    report.same("size", r.size, fault == Fault::none ? kShift : 0);
  }

  // {image, mode, access, layout}; after a case that translates, the other accesses of all modes hit its entry.
  static constexpr u64 kLeafCases = u64{truth::kAlphaImages} * 4 * 3 * 2;
  struct Leaf {
    explicit Leaf(u64 n) {
      Digits digits(n);
      image = truth::alpha_image(digits.take(truth::kAlphaImages));
      mode = static_cast<Mode>(digits.take(4));
      op = static_cast<Op>(digits.take(3));
      layout = digits.flag() ? truth::AlphaLayout::vms : truth::AlphaLayout::osf;
    }
    u16 image;
    Mode mode;
    Op op;
    truth::AlphaLayout layout;
  };
  static void run_leaf(u64 n, Machine& machine, Report& report) {
    const Leaf c(n);
    const bool vms = c.layout == truth::AlphaLayout::vms;
    if (machine.settings().vms != vms) machine.restart({.vms = vms});
    machine.store(slot(1), entry(kFrame, c.image));
    machine.invalidate(arch::layout::Inv::PAGE, kVa, 0);
    const auto expect = [&](Op op, Mode mode) {
      const Fault fault = truth::alpha_leaf(c.layout, c.image, op, mode).fault;
      compare(report, machine.access({.va = kVa + 0x128, .op = op, .mode = mode}), fault, 1);
      return fault;
    };
    if (expect(c.op, c.mode) != Fault::none) return;
    for (const Op op : {Op::read, Op::write, Op::fetch}) {
      for (unsigned mode = 0; mode < 4; ++mode) expect(op, static_cast<Mode>(mode));
    }
  }
  static std::string describe_leaf(u64 n) {
    const Leaf c(n);
    return std::string(c.layout == truth::AlphaLayout::vms ? "VMS " : "OSF ") + std::string(arch::name(c.op)) + " " +
           std::string(arch::name(c.mode)) + " entry<15:0> " + std::to_string(c.image);
  }

  // {image, mode, access, layout, level}: all images, because nothing but V and KRE may count.
  static constexpr u64 kUpperCases = u64{truth::kAlphaImages} * 4 * 3 * 2 * (kLevels - 1);
  static void run_upper(u64 n, Machine& machine, Report& report) {
    const Leaf c(n);
    const auto level = static_cast<unsigned>(2 + n / kLeafCases);
    const bool vms = c.layout == truth::AlphaLayout::vms;
    if (machine.settings().vms != vms) machine.restart({.vms = vms});
    // Everything allowed in the leaf.
    machine.store(slot(1), entry(kFrame, 0xff01));
    for (unsigned at = kLevels; at >= 2; --at) {
      machine.store(slot(at), entry(table_at(at - 1), at == level ? c.image : 1));
    }
    machine.invalidate(arch::layout::Inv::PAGE, kVa, 0);
    compare(report, machine.access({.va = kVa + 0x128, .op = c.op, .mode = c.mode}), truth::alpha_table(c.image).fault,
            level);
  }
  static std::string describe_upper(u64 n) {
    return "level " + std::to_string(2 + n / kLeafCases) + " " + describe_leaf(n % kLeafCases);
  }
};

template <Format kFormat>
void add_alpha(std::vector<Space>& list, const std::string& name) {
  using Of = AlphaSpace<kFormat>;
  list.push_back(
      {"truth-" + name, kFormat, Of::kLeafCases, 98'304, nullptr, Of::begin, Of::run_leaf, Of::describe_leaf});
  list.push_back({"truth-" + name + "-upper", kFormat, Of::kUpperCases, u64{98'304} * (Of::kLevels - 1), nullptr,
                  Of::begin, Of::run_upper, Of::describe_upper});
}

}  // namespace

std::vector<Space> truth_spaces() {
  // 2^16 images of bits, 3 accesses and 3 privileges without the implicit fetch.
  std::vector<Space> list = {
      {"truth", Format::x86_64, kPinCases, 524'288, nullptr, begin_x86, run_x86<false>, describe_x86},
      {"truth-cached", Format::x86_64, kPinCases, 524'288, nullptr, begin_x86, run_x86<true>, describe_x86},
      {"truth-implicit-fetch", Format::x86_64, kImplicitFetches, 65'536, nullptr, begin_x86,
       [](u64 n, Machine& machine, Report& report) { run_x86<false>(n + kPinCases, machine, report); },
       [](u64 n) { return describe_x86(n + kPinCases); }}};
  add_alpha<Format::alpha>(list, "alpha");
  add_alpha<Format::alpha_x64>(list, "alpha-x64");
  return list;
}

}  // namespace kilburn::exhaustive
