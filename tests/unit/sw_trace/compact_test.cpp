// SPDX-License-Identifier: Apache-2.0
//
// The compact format: its bytes as sw/trace/README.md says, loss-free both ways, damage found everywhere.
#include "tests/unit/sw_trace/events.h"

namespace kilburn::os::test {
namespace {

// Coded from the README's text by a program that shares nothing with the project.
constexpr std::string_view kGolden =
    "894b42540d0a1a0a01000000270b2d4d455654533e00000000000000000000000d000000d1beb7956800208000ae000e"
    "00fe3f003c070f005500a0e480808024804003058020e58080802464e68020804001e78020804080a0028060e8808080"
    "03e98906eaeb494e4458100000000d000000000000000100000079c34752100000000000000000000000000000004b45"
    "4e446600000000000000d4bf6740";

std::string bytes_of(std::string_view digits) {
  std::string bytes;
  for (size_t n = 0; n < digits.size(); n += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(digits.substr(n, 2)), nullptr, 16)));
  }
  return bytes;
}

std::vector<TraceEvent> golden_events() {
  std::vector<TraceEvent> e = {reference(Kind::fetch, 0x401000, 3), reference(Kind::fetch, 0x401003, 1),
                               reference(Kind::write, 0x1fff000700, 8), reference(Kind::fetch, 0x401000, 15),
                               reference(Kind::read, 0x5000, 32)};
  TraceEvent s;
  s.kind = Kind::map;
  s.address = 0x4800000, s.length = 8192, s.rights = kRead | kWrite, s.file = 5, s.offset = 4096;
  e.push_back(s);
  s = {};
  s.kind = Kind::unmap, s.address = 0x4800000, s.length = 100;
  e.push_back(s);
  s = {};
  s.kind = Kind::protect, s.address = 0x1000, s.length = 0x2000, s.rights = kRead;
  e.push_back(s);
  s = {};
  s.kind = Kind::remap, s.old_address = 0x1000, s.old_length = 0x2000, s.address = 0x9000, s.length = 0x3000;
  e.push_back(s);
  s = {};
  s.kind = Kind::brk, s.address = 0x600000;
  e.push_back(s);
  s = {};
  s.kind = Kind::fork, s.pid = 777;
  e.push_back(s);
  s = {};
  s.kind = Kind::exec;
  e.push_back(s);
  s.kind = Kind::exit;
  e.push_back(s);
  return e;
}

std::unique_ptr<CompactReader> reader_of(const std::string& file) {
  return std::make_unique<CompactReader>(memory_bytes(file), "trace");
}

// A file with one block of these bytes and right checksums everywhere.
std::string file_of_payload(const std::string& payload, u32 events) {
  const auto number = [](u64 value, size_t n) {
    std::string bytes;
    for (size_t at = 0; at < n; ++at) bytes.push_back(static_cast<char>(value >> (8 * at)));
    return bytes;
  };
  const auto sealed = [&](std::string head, const std::string& body) {
    const u32 crc = compact::crc32c(body.data(), body.size(), compact::crc32c(head.data(), head.size()));
    return head + number(crc, 4) + body;
  };
  std::string file = sealed(std::string("\x89KBT\r\n\x1a\n") + number(1, 4), "");
  const u64 block = file.size();
  file += sealed("EVTS" + number(payload.size(), 4) + number(0, 8) + number(events, 4), payload);
  const u64 index = file.size();
  file += sealed("INDX" + number(16, 4) + number(events, 8) + number(1, 4), number(block, 8) + number(0, 8));
  return file + sealed("KEND" + number(index, 8), "");
}

}  // namespace

TEST_CASE("compact: CRC32C check value, in one piece and in two") {
  CHECK(compact::crc32c("123456789", 9) == 0xe3069283);  // RFC 3720 B.4's polynomial
  CHECK(compact::crc32c("6789", 4, compact::crc32c("12345", 5)) == 0xe3069283);
  CHECK(compact::crc32c("", 0) == 0);
  const std::string long_text(1000, 'x');
  for (size_t cut = 0; cut < 40; ++cut) {
    REQUIRE(compact::crc32c(long_text.data() + cut, 1000 - cut, compact::crc32c(long_text.data(), cut)) ==
            compact::crc32c(long_text.data(), 1000));
    REQUIRE(compact::crc32c_portable(long_text.data() + cut, 1000 - cut, 7) ==
            compact::crc32c(long_text.data() + cut, 1000 - cut, 7));
  }
}

TEST_CASE("compact: the file is byte for byte what the format's description says") {
  const std::string golden = bytes_of(kGolden);
  CHECK(compact_file(golden_events()) == golden);
  CHECK(same(read_bytes(golden), golden_events()));
}

TEST_CASE("compact: lackey text to compact to events is loss-free") {
  for (u64 seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    const auto events = random_events(seed, 3000);
    const auto from_text = read_bytes(lackey_text(events));
    REQUIRE(same(from_text, events));
    REQUIRE(same(read_bytes(compact_file(from_text)), events));
  }
}

TEST_CASE("compact: several blocks, and positioning at any event") {
  const u64 seed = 77;
  const size_t count = 3 * compact::kBlockEvents + 1234;
  const auto events = random_events(seed, count);
  const std::string file = compact_file(events);
  CHECK(same(read_bytes(file), events));
  const auto reader = reader_of(file);
  Random random(seed);
  std::vector<u64> places = {0,        1, compact::kBlockEvents - 1, compact::kBlockEvents, compact::kBlockEvents + 1,
                             count - 1};
  for (int n = 0; n < 30; ++n) places.push_back(random.below(count));
  TraceEvent e;
  for (const u64 place : places) {
    CAPTURE(place);
    REQUIRE(reader->seek(place));
    REQUIRE(reader->next(e));
    CHECK(same_event(e, events[place]));
    CHECK(reader->line() == place + 1);
  }
  CHECK_FALSE(reader->seek(count));
  CHECK_FALSE(reader->next(e));
  CHECK_FALSE(reader->seek(count + 1));
  REQUIRE(reader->seek(count - 2));  // and to the end from there
  CHECK(read_all(*reader).size() == 2);
}

TEST_CASE("compact: an empty trace is a trace") {
  const std::string file = compact_file({});
  CHECK(file.size() == 16 + 24 + 16);
  CHECK(read_bytes(file).empty());
}

TEST_CASE("compact: a file cut at any byte is refused with the place") {
  const std::string file = compact_file(random_events(5, 60));
  for (size_t n = 0; n < file.size(); ++n) {
    CAPTURE(n);
    const std::string message = refused(std::string_view(file).substr(0, n));
    REQUIRE(message.starts_with(n == 0 || n >= 8 ? "trace:byte " : "trace:"));
  }
  CHECK(refused(file + "x") == "trace:byte " + std::to_string(file.size() + 1) + ": bytes behind the trailer");
}

TEST_CASE("compact: any flipped bit is found") {
  const std::string file = compact_file(random_events(6, 60));
  for (size_t n = 0; n < file.size() * 8; ++n) {
    CAPTURE(n);
    std::string damaged = file;
    damaged[n / 8] = static_cast<char>(damaged[n / 8] ^ (1 << n % 8));
    REQUIRE(!refused(damaged).empty());
  }
}

TEST_CASE("compact: blocks that are lost, doubled or exchanged are found") {
  const std::string file = compact_file(random_events(7, 2 * compact::kBlockEvents + 10));
  // Blocks by their headers.
  std::vector<std::string> parts = {file.substr(0, 16)};
  for (size_t at = 16; at < file.size();) {
    size_t size = 0;
    for (size_t n = 0; n < 4; ++n) size |= size_t{static_cast<unsigned char>(file[at + 4 + n])} << (8 * n);
    if (file.compare(at, 4, "KEND") == 0) size = file.size() - at - 24;
    parts.push_back(file.substr(at, 24 + size));
    at += 24 + size;
  }
  REQUIRE(parts.size() >= 5);  // header, three blocks, index (with the trailer or before it)
  const auto joined = [&](const std::vector<size_t>& order) {
    std::string text;
    for (const size_t n : order) text += parts[n];
    for (size_t n = 4; n < parts.size(); ++n) text += parts[n];
    return text;
  };
  CHECK(joined({0, 1, 2, 3}) == file);
  CHECK(refused(joined({0, 1, 3})).find("the block is not the next one") != std::string::npos);
  CHECK(refused(joined({0, 1, 1, 2, 3})).find("the block is not the next one") != std::string::npos);
  CHECK(refused(joined({0, 2, 1, 3})).find("the block is not the next one") != std::string::npos);
  CHECK(refused(joined({0, 1, 2})).find("the index counts other events than there are") != std::string::npos);
}

TEST_CASE("compact: events that are wrong in themselves are refused behind a right checksum") {
  const auto refuses = [](const std::string& payload, u32 events, const char* reason) {
    CAPTURE(reason);
    CHECK(refused(file_of_payload(payload, events)).find(reason) != std::string::npos);
  };
  using namespace std::string_literals;
  CHECK(refused(file_of_payload("\x00"s, 1)).empty());  // fetch of 1 byte at 0
  refuses("\x1c\x00\x00"s, 1, "size of the reference is not 1 to 512");
  refuses("\x1c\x01\x02"s, 1, "size of the reference is not 1 to 512");
  refuses("\x20"s, 1, "an event goes past the end of its block");
  refuses("\xe4\x80"s, 1, "an event goes past the end of its block");
  refuses("\x00\x00"s, 1, "bytes behind the last event of the block");
  refuses("\x00"s, 2, "sizes of the block are impossible");
  refuses("\x00\xf0"s, 2, "the event is of an unknown kind");
  refuses("\xe0"s, 1, "the event is of an unknown kind");
  refuses("\xe8\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"s, 1, "a number has more than 64 bits");
  refuses("\xe9\xff\xff\xff\xff\x1f"s, 1, "a number has more than 32 bits");
  refuses("\xe6\x00\x00\x08"s, 1, "rights of the mapping are not 0 to 7");
  refuses("\x21\x01"s, 1, "reference passes the end of the address space");  // a read at -1
}

TEST_CASE("compact: a newer version is refused by its number") {
  std::string file = compact_file({});
  file[8] = 2;
  CHECK(refused(file) == "trace:byte 12: wrong checksum of the header");
  const u32 crc = compact::crc32c(file.data(), 12);
  for (size_t n = 0; n < 4; ++n) file[12 + n] = static_cast<char>(crc >> (8 * n));
  CHECK(refused(file) == "trace:byte 8: version 2 of the format is not known, 1 is");
}

TEST_CASE("compact: the writer refuses what no trace can hold") {
  std::vector<u8> out;
  compact::Encoder encoder;
  for (const auto& e :
       {reference(Kind::read, 0, 0), reference(Kind::read, 0, 513), reference(Kind::read, ~u64{0}, 8)}) {
    CHECK_THROWS_AS(encoder.add(e, out), std::invalid_argument);
  }
}

}  // namespace kilburn::os::test
