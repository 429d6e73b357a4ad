// SPDX-License-Identifier: Apache-2.0
//
// Calls written, read and made again. Numbers of processes, segments, blocks and swap areas are those of the recording;
// what has them now is looked up.
#include "sw/workload/calls.h"

#include <algorithm>
#include <deque>
#include <istream>
#include <ostream>
#include <unordered_map>

#include "sw/trace/text_fields.h"

namespace kilburn::os {

namespace {

using Kind = Call::Kind;

constexpr u64 kMostSlots = 1 << 20;  // each takes host memory

struct Shape {
  std::string_view name;
  std::array<std::string_view, Call::kFields> fields;
};

// In the order of Call::Kind.
constexpr Shape kShapes[] = {
    {"spawn", {"process"}},
    {"fork", {"process", "cpu", "child"}},
    {"exec", {"process", "cpu"}},
    {"exit", {"process", "cpu"}},
    {"kill", {"process", "cpu"}},
    {"fetch", {"process", "cpu", "va", "size"}},
    {"read", {"process", "cpu", "va", "size"}},
    {"write", {"process", "cpu", "va", "size"}},
    {"modify", {"process", "cpu", "va", "size"}},
    {"map", {"process", "cpu", "start", "length", "rights", "file", "offset", "area"}},
    {"stack", {"process", "cpu", "start", "length"}},
    {"unmap", {"process", "cpu", "start", "length"}},
    {"protect", {"process", "cpu", "start", "length", "rights"}},
    {"remap", {"process", "cpu", "start", "length", "to", "new"}},
    {"brk", {"process", "cpu", "end"}},
    {"advise", {"process", "cpu", "start", "length", "advice"}},
    {"sync", {"process", "cpu", "start", "length"}},
    {"lock", {"process", "cpu", "start", "length"}},
    {"unlock", {"process", "cpu", "start", "length"}},
    {"attach", {"process", "cpu", "segment", "start", "rights"}},
    {"detach", {"process", "cpu", "start"}},
    {"segment", {"segment", "length"}},
    {"remove", {"segment"}},
    {"take", {"block", "bytes", "zone"}},
    {"give", {"block"}},
    {"node", {"node"}},
    {"swapon", {"area", "slots", "priority"}},
    {"swapoff", {"area"}},
    {"collapse", {"process", "cpu", "blocks"}},
};
static_assert(std::size(kShapes) == Call::kKinds);

const Shape& shape(Kind kind) { return kShapes[static_cast<std::size_t>(kind)]; }

[[noreturn]] void refuse(const std::string& name, u64 line, const std::string& reason) {
  throw UserError(name + ":" + std::to_string(line) + ": " + reason);
}

Call read_call(std::string_view line, const std::string& name, u64 number) {
  const auto take_word = [&line] {
    skip_blanks(line);
    const std::string_view word = line.substr(0, std::min(line.find_first_of(" \t\r"), line.size()));
    line.remove_prefix(word.size());
    return word;
  };
  const std::string_view what = take_word();
  const auto* const at = std::find_if(std::begin(kShapes), std::end(kShapes), [=](auto& s) { return s.name == what; });
  if (at == std::end(kShapes)) refuse(name, number, "there is no call \"" + std::string(what) + "\"");
  Call call;
  call.kind = static_cast<Kind>(at - std::begin(kShapes));
  const auto known = call_fields(call.kind);
  for (std::string_view word = take_word(); !word.empty(); word = take_word()) {
    const std::string_view key = word.substr(0, word.find('='));
    const auto field = std::find(known.begin(), known.end(), key);
    if (field == known.end()) {
      refuse(name, number, std::string(what) + " has no field \"" + std::string(key) + "\"");
    }
    word.remove_prefix(std::min(key.size() + 1, word.size()));
    const int base = take_text(word, "0x") ? 16 : 10;
    if (!take_digits(word, base, call.values[static_cast<std::size_t>(field - known.begin())]) || !word.empty()) {
      refuse(name, number, std::string(key) + "= needs a number");
    }
  }
  const bool reference = call.kind >= Kind::fetch && call.kind <= Kind::modify;
  if (reference && (call.values[3] == 0 || call.values[3] > kMaxReference)) {
    refuse(name, number, "a reference has 1 to " + std::to_string(kMaxReference) + " bytes");
  }
  if (call.kind == Kind::take && call.values[2] > static_cast<u64>(ZoneKind::highmem)) {
    refuse(name, number, "zone= is 0 (DMA), 1 (normal) or 2 (high)");
  }
  if (call.kind == Kind::swap_on && call.values[1] > kMostSlots) {
    refuse(name, number, "a swap area has " + std::to_string(kMostSlots) + " slots at most");
  }
  return call;
}

class Player {
 public:
  explicit Player(Kernel& kernel) : kernel_(kernel) { devices().clear(); }

  void make(const Call& c) {
    const auto& v = c.values;
    if (c.kind == Kind::spawn) {
      processes_[v[0]] = &kernel_.spawn();
    } else if (shape(c.kind).fields[0] != "process") {
      make_of_nobody(c);
    } else if (Process* p = found(processes_, v[0]); p != nullptr && p->alive()) {
      p->cpu = static_cast<unsigned>(v[1]) % kernel_.memory().cpus().count();
      make(c, *p);
    }
  }

 private:
  template <class Map>
  static typename Map::mapped_type found(const Map& map, u64 number) {
    const auto at = map.find(number);
    return at == map.end() ? typename Map::mapped_type{} : at->second;
  }
  // They outlive the kernel, which writes to them at its end.
  static std::deque<MemoryDevice>& devices() {
    static thread_local std::deque<MemoryDevice> all;
    return all;
  }

  void make(const Call& c, Process& p) {
    const auto& v = c.values;
    switch (c.kind) {
      case Kind::fork:
        processes_[v[2]] = &kernel_.fork(p);
        break;
      case Kind::exec:
        kernel_.exec(p);
        break;
      case Kind::exit:
        kernel_.exit(p);
        break;
      case Kind::kill:
        kernel_.kill(p);
        break;
      case Kind::fetch:
      case Kind::read:
      case Kind::write:
      case Kind::modify: {
        const int kind = static_cast<int>(c.kind) - static_cast<int>(Kind::fetch);
        kernel_.reference(p, static_cast<TraceEvent::Kind>(kind), v[2], static_cast<u16>(v[3]));
        break;
      }
      case Kind::map:
        kernel_.mmap(p, v[2], v[3], rights(v[4]), {static_cast<u32>(v[5]), v[6], static_cast<AreaKind>(v[7])});
        break;
      case Kind::stack:
        kernel_.mmap_stack(p, v[2], v[3]);
        break;
      case Kind::unmap:
        kernel_.munmap(p, v[2], v[3]);
        break;
      case Kind::protect:
        kernel_.mprotect(p, v[2], v[3], rights(v[4]));
        break;
      case Kind::remap:
        kernel_.mremap(p, v[2], v[3], v[4], v[5]);
        break;
      case Kind::brk:
        kernel_.brk(p, v[2]);
        break;
      case Kind::advise:
        kernel_.madvise(p, v[2], v[3], static_cast<Advice>(v[4]));
        break;
      case Kind::sync:
        kernel_.msync(p, v[2], v[3]);
        break;
      case Kind::lock:
        kernel_.mlock(p, v[2], v[3]);
        break;
      case Kind::unlock:
        kernel_.munlock(p, v[2], v[3]);
        break;
      case Kind::attach:
        if (segments_.contains(v[2])) kernel_.shmat(p, segments_[v[2]], v[3], rights(v[4]));
        break;
      case Kind::detach:
        kernel_.shmdt(p, v[2]);
        break;
      case Kind::collapse:
        kernel_.memory().khugepaged(*p.space, static_cast<u32>(v[2]));
        break;
      default:
        break;  // of nobody
    }
  }

  void make_of_nobody(const Call& c) {
    const auto& v = c.values;
    Memory& memory = kernel_.memory();
    u32 id = 0;
    switch (c.kind) {
      case Kind::segment:
        if (memory.shm_get(0, v[1], true, id) == 0) segments_[v[0]] = id;
        break;
      case Kind::remove:
        if (segments_.contains(v[0])) memory.shm_remove(segments_[v[0]]);
        break;
      case Kind::take:
        if (const u64 block = memory.kernel().kmalloc(v[1], static_cast<ZoneKind>(v[2])); block != 0) {
          blocks_[v[0]] = block;
        }
        break;
      case Kind::give:
        if (const u64 block = found(blocks_, v[0]); block != 0) memory.kernel().kfree(block);
        blocks_.erase(v[0]);
        break;
      case Kind::node:
        memory.run_on_node(static_cast<u32>(v[0]));
        break;
      case Kind::swap_on:
        if (memory.swap_on(devices().emplace_back(), static_cast<u32>(v[1]), static_cast<int>(v[2]), id) == 0) {
          areas_[v[0]] = id;
        }
        break;
      case Kind::swap_off:
        if (areas_.contains(v[0])) memory.swap_off(areas_[v[0]]);
        areas_.erase(v[0]);
        break;
      default:
        break;  // somebody's
    }
  }

  static Rights rights(u64 bits) { return static_cast<Rights>(bits & (kRead | kWrite | kExecute)); }

  Kernel& kernel_;
  std::unordered_map<u64, Process*> processes_;
  std::unordered_map<u64, u64> blocks_;
  std::unordered_map<u64, u32> segments_, areas_;
};

}  // namespace

std::string_view name(Kind kind) { return shape(kind).name; }

std::span<const std::string_view> call_fields(Kind kind) {
  const auto& fields = shape(kind).fields;
  const auto end = std::find(fields.begin(), fields.end(), std::string_view{});
  return {fields.data(), static_cast<std::size_t>(end - fields.begin())};
}

std::string text(const Call& call) {
  std::string line(name(call.kind));
  const auto fields = call_fields(call.kind);
  for (std::size_t n = 0; n < fields.size(); ++n) {
    if (n != 0 && call.values[n] == 0) continue;
    line += " ";
    line += fields[n];
    line += "=" + hex(call.values[n]);
  }
  return line;
}

CallWriter::CallWriter(std::ostream& out) : out_(out) { out_ << kCallsHead << "\n"; }

void CallWriter::call(const Call& c) { out_ << text(c) << "\n"; }

std::vector<Call> read_calls(std::istream& in, const std::string& name) {
  std::vector<Call> calls;
  std::string line;
  for (u64 number = 1; std::getline(in, line); ++number) {
    line.erase(std::min(line.find('#'), line.size()));
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (number == 1 && line != kCallsHead) {
      refuse(name, number, "a list of calls begins with the line \"" + std::string(kCallsHead) + "\"");
    }
    if (number != 1 && !line.empty()) calls.push_back(read_call(line, name, number));
  }
  if (in.bad()) throw UserError(name + " cannot be read");
  if (calls.empty()) throw UserError(name + " holds no call");
  return calls;
}

void play(const std::vector<Call>& calls, Kernel& kernel) {
  Player player(kernel);
  for (const Call& call : calls) player.make(call);
  kernel.finish();
}

}  // namespace kilburn::os
