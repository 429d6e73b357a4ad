// SPDX-License-Identifier: Apache-2.0
//
// One file out of two: the DUT's signals as they are, the others in the order of time between them.
#include "tb/failure/added_signals.h"

#include <fstapi.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "tb/errors.h"
#include "tb/failure/fst_file.h"
#include "tb/failure/pin_codes.h"
#include "tb/failure/wave_time.h"

namespace kilburn::tb {
namespace fs = std::filesystem;
using arch::u32;
using arch::u64;

namespace {

[[noreturn]] void cannot_write(const fs::path& path) {
  throw EnvironmentError("the signals beside the waves " + path.string() + " cannot be written");
}

struct CloseReader {
  void operator()(void* reader) const { fstReaderClose(reader); }
};
struct CloseWriter {
  void operator()(void* writer) const { fstWriterClose(writer); }
};
using Reader = std::unique_ptr<void, CloseReader>;
using Writer = std::unique_ptr<void, CloseWriter>;

// Scopes open and close as the names of one signal after the other need it.
class Scopes {
 public:
  explicit Scopes(void* writer) : writer_(writer) {}
  ~Scopes() { enter({}); }
  // The scope of `name`; returns what is left of the name.
  std::string open_for(const std::string& name) {
    std::vector<std::string> wanted;
    std::size_t from = 0;
    for (auto dot = name.find('.'); dot != std::string::npos; dot = name.find('.', from)) {
      wanted.push_back(name.substr(from, dot - from));
      from = dot + 1;
    }
    enter(wanted);
    return name.substr(from);
  }

 private:
  void enter(const std::vector<std::string>& wanted) {
    const auto same = std::mismatch(open_.begin(), open_.end(), wanted.begin(), wanted.end()).first - open_.begin();
    while (open_.size() > static_cast<std::size_t>(same)) {
      fstWriterSetUpscope(writer_);
      open_.pop_back();
    }
    while (open_.size() < wanted.size()) {
      fstWriterSetScope(writer_, FST_ST_VCD_MODULE, wanted[open_.size()].c_str(), nullptr);
      open_.push_back(wanted[open_.size()]);
    }
  }
  void* writer_;
  std::vector<std::string> open_;
};

// The tables of codes, and what their numbers are in the new file.
class CodeTables {
 public:
  explicit CodeTables(void* writer) : writer_(writer) {}
  // A table of the DUT's, or the mention of one before a signal.
  void take(const fstHier& item) {
    const auto& attribute = item.u.attr;
    if (attribute.name_length == 0) {
      if (const auto known = taken_.find(attribute.arg); known != taken_.end()) {
        fstWriterEmitEnumTableRef(writer_, known->second);
        announced_ = true;
      }
      return;
    }
    fstETab* table = fstUtilityExtractEnumTableFromString(attribute.name);
    if (table == nullptr) return;
    taken_[attribute.arg] = fstWriterCreateEnumTable(writer_, table->name, table->elem_count, 0,
                                                     const_cast<const char**>(table->literal_arr),
                                                     const_cast<const char**>(table->val_arr));
    fstUtilityFreeEnumTable(table);
  }
  // Before the declaration of a signal that may have codes.
  void announce(std::string_view name, unsigned bits) {
    const PinCodes* codes = codes_of_pin(name);
    if (std::exchange(announced_, false) || codes == nullptr || bits == 0) return;
    auto& handle = handles_[{codes, bits}];
    if (handle == 0) {
      std::vector<std::string> values;
      std::vector<const char*> names, bit_words;
      for (const auto& code : codes->codes) {
        if (bits < 32 && code.value >> bits != 0) continue;
        std::string word(bits, '0');
        for (unsigned n = 0; n < bits; ++n) word[bits - 1 - n] = (code.value >> n & 1) != 0 ? '1' : '0';
        values.push_back(std::move(word));
        names.push_back(code.name);
      }
      for (const auto& value : values) bit_words.push_back(value.c_str());
      handle = fstWriterCreateEnumTable(writer_, codes->title, static_cast<u32>(names.size()), bits, names.data(),
                                        bit_words.data());
    }
    fstWriterEmitEnumTableRef(writer_, handle);
  }

 private:
  void* writer_;
  std::map<std::pair<const PinCodes*, unsigned>, u32> handles_;
  std::map<u64, u32> taken_;  // number in the old file to the one in the new
  bool announced_ = false;
};

std::string without_range(const char* name) {
  std::string base = name;
  if (const auto bracket = base.rfind('[');
      bracket != std::string::npos && base.find(':', bracket) != std::string::npos)
    base.resize(bracket);
  while (!base.empty() && base.back() == ' ') base.pop_back();
  return base;
}

using Handles = std::map<fstHandle, fstHandle>;  // old to new

Handles copy_hierarchy(void* reader, void* writer) {
  Handles handles;
  CodeTables tables(writer);
  while (const fstHier* item = fstReaderIterateHier(reader)) {
    if (item->htyp == FST_HT_SCOPE) {
      fstWriterSetScope(writer, static_cast<fstScopeType>(item->u.scope.typ), item->u.scope.name,
                        item->u.scope.component);
    } else if (item->htyp == FST_HT_UPSCOPE) {
      fstWriterSetUpscope(writer);
    } else if (item->htyp == FST_HT_VAR) {
      const auto& var = item->u.var;
      tables.announce(without_range(var.name), var.length);
      const auto known = handles.find(var.handle);
      const fstHandle made =
          fstWriterCreateVar(writer, static_cast<fstVarType>(var.typ), static_cast<fstVarDir>(var.direction),
                             var.length, var.name, known == handles.end() ? 0 : known->second);
      handles.emplace(var.handle, made);
    } else if (item->htyp == FST_HT_ATTRBEGIN && item->u.attr.typ == FST_AT_MISC) {
      if (item->u.attr.subtype == FST_MT_ENUMTABLE) tables.take(*item);
    } else if (item->htyp == FST_HT_ATTRBEGIN) {
      fstWriterSetAttrBegin(writer, static_cast<fstAttrType>(item->u.attr.typ), item->u.attr.subtype, item->u.attr.name,
                            item->u.attr.arg);
    } else if (item->htyp == FST_HT_ATTREND) {
      fstWriterSetAttrEnd(writer);
    }
  }
  return handles;
}

}  // namespace

AddedSignals::AddedSignals(const fs::path& waves) : path_(waves) {
  const fs::path kept = waves.string() + ".added";
  changes_.reset(std::fopen(kept.c_str(), "w+b"));
  if (!changes_) cannot_write(waves);
  ::unlink(kept.c_str());
}

unsigned AddedSignals::add(std::string name, unsigned bits) {
  signals_.push_back({std::move(name), bits, false, false, {}, {}});
  return static_cast<unsigned>(signals_.size() - 1);
}

void AddedSignals::set(unsigned number, std::string_view value) {
  Signal& signal = signals_[number];
  if (signal.value == value) return;
  signal.value = value;
  if (!std::exchange(signal.touched, true)) touched_.push_back(number);
}

void AddedSignals::clock() {
  for (const unsigned number : touched_) {
    Signal& signal = signals_[number];
    signal.touched = false;
    if (signal.value == signal.written) continue;
    signal.written = signal.value;
    signal.used = true;
    const Change change{clocks_, resets_, number, static_cast<u32>(signal.value.size())};
    std::fwrite(&change, sizeof change, 1, changes_.get());
    std::fwrite(signal.value.data(), 1, signal.value.size(), changes_.get());
  }
  touched_.clear();
  ++clocks_;
}

void AddedSignals::set(unsigned number, u64 value) {
  std::string bits(signals_[number].bits, '0');
  for (std::size_t n = 0; n < bits.size() && n < 64; ++n) {
    if ((value >> n & 1) != 0) bits[bits.size() - 1 - n] = '1';
  }
  set(number, std::string_view(bits));
}

void AddedSignals::put_into_file() {
  if (clocks_ == 0) return;
  const fs::path made = path_.string() + ".new";
  std::error_code ec;
  try {
    copy(made);
    FstFile complete(made);  // a full disk shows here
    if (complete.begin() > complete.end()) cannot_write(path_);
  } catch (const UserError&) {
    fs::remove(made, ec);
    cannot_write(path_);
  } catch (...) {
    fs::remove(made, ec);
    throw;
  }
  fs::rename(made, path_, ec);
  if (ec) cannot_write(path_);
}

void AddedSignals::copy(const fs::path& to) {
  const Reader reader(fstReaderOpen(path_.c_str()));
  if (!reader) cannot_write(path_);
  const u64 begin = fstReaderGetStartTime(reader.get()), end = fstReaderGetEndTime(reader.get());
  const auto times = ClockTimes::of(begin, end, clocks_, resets_);
  if (!times) return void(fs::copy_file(path_, to));

  if (std::fflush(changes_.get()) != 0 || std::ferror(changes_.get()) != 0) cannot_write(path_);
  std::rewind(changes_.get());
  Change change{};
  std::string value;
  u64 time = 0;  // of `change`
  bool more = false;
  const auto next = [&] {
    more = std::fread(&change, sizeof change, 1, changes_.get()) == 1;
    if (!more) return;
    value.resize(change.length);
    if (std::fread(value.data(), 1, value.size(), changes_.get()) != value.size()) cannot_write(path_);
    time = (*times)(change.clock, change.resets);
  };

  const Writer writer(fstWriterCreate(to.c_str(), 1));
  if (!writer) cannot_write(path_);
  fstWriterSetPackType(writer.get(), FST_WR_PT_LZ4);
  fstWriterSetTimescale(writer.get(), fstReaderGetTimescale(reader.get()));
  fstWriterSetVersion(writer.get(), fstReaderGetVersionString(reader.get()));
  const Handles handles = copy_hierarchy(reader.get(), writer.get());
  std::vector<fstHandle> added(signals_.size(), 0);
  {
    Scopes scopes(writer.get());
    for (std::size_t n = 0; n < signals_.size(); ++n) {
      const Signal& signal = signals_[n];
      if (!signal.used) continue;
      const std::string name = scopes.open_for(signal.name);
      const std::string ranged = signal.bits < 2 ? name : name + " [" + std::to_string(signal.bits - 1) + ":0]";
      added[n] = fstWriterCreateVar(writer.get(), signal.bits == 0 ? FST_VT_GEN_STRING : FST_VT_VCD_WIRE,
                                    FST_VD_IMPLICIT, signal.bits, ranged.c_str(), 0);
    }
  }

  std::optional<u64> now;
  const auto go_to = [&](u64 at) {
    if (!now || at > *now) fstWriterEmitTimeChange(writer.get(), *(now = at));
  };
  const auto added_until = [&](u64 at) {
    for (; more && time <= at; next()) {
      go_to(time);
      if (signals_[change.signal].bits == 0)
        fstWriterEmitVariableLengthValueChange(writer.get(), added[change.signal], value.data(), change.length);
      else
        fstWriterEmitValueChange(writer.get(), added[change.signal], value.data());
    }
  };
  next();
  go_to(begin);
  for (std::size_t n = 0; n < signals_.size(); ++n) {  // nothing yet, and not something unknown
    if (added[n] != 0 && signals_[n].bits == 0) fstWriterEmitVariableLengthValueChange(writer.get(), added[n], "", 0);
  }
  struct Copying {
    std::function<void(u64)> before;
    const Handles& handles;
    void* writer;
  } copying{[&](u64 at) { added_until(at), go_to(at); }, handles, writer.get()};
  fstReaderSetFacProcessMaskAll(reader.get());
  fstReaderIterBlocks2(
      reader.get(),
      [](void* to_copy, uint64_t at, fstHandle handle, const unsigned char* bits) {
        auto& c = *static_cast<Copying*>(to_copy);
        c.before(at);
        fstWriterEmitValueChange(c.writer, c.handles.at(handle), bits);
      },
      [](void* to_copy, uint64_t at, fstHandle handle, const unsigned char* bytes, uint32_t length) {
        auto& c = *static_cast<Copying*>(to_copy);
        c.before(at);
        fstWriterEmitVariableLengthValueChange(c.writer, c.handles.at(handle), bytes, length);
      },
      &copying, nullptr);
  added_until(end);
  go_to(end);
}

}  // namespace kilburn::tb
