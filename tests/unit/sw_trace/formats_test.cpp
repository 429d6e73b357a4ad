// SPDX-License-Identifier: Apache-2.0
//
// The imported formats: ChampSim records, din and drmemtrace lines, as their tools write them, and hostile ones.
#include "tests/unit/sw_trace/events.h"

namespace kilburn::os::test {
namespace {

// 64 bytes as ChampSim's tracer writes them (inc/trace_instruction.h).
std::string record(u64 ip, std::vector<u64> writes, std::vector<u64> reads, char branch = 0, char taken = 0) {
  std::string bytes;
  const auto put = [&](u64 value) {
    for (int n = 0; n < 8; ++n) bytes.push_back(static_cast<char>(value >> (8 * n)));
  };
  put(ip);
  bytes += branch;
  bytes += taken;
  bytes += std::string("\x06\x19\x06\x1a\x00\x00", 6);  // registers
  writes.resize(2);
  reads.resize(4);
  for (const u64 address : writes) put(address);
  for (const u64 address : reads) put(address);
  return bytes;
}

}  // namespace

TEST_CASE("champsim: fetch, reads, writes of 8 bytes that stay in their page") {
  const std::string file = record(0x401ffd, {0x7fff0000}, {0x601000, 0, 0x602ffc}) + record(0x402003, {}, {}, 1, 1);
  CHECK(same(read_bytes(file), {reference(Kind::fetch, 0x401ffd, 3), reference(Kind::read, 0x601000, 8),
                                reference(Kind::read, 0x602ffc, 4), reference(Kind::write, 0x7fff0000, 8),
                                reference(Kind::fetch, 0x402003, 8)}));
}

TEST_CASE("champsim: long traces through every compression, several streams in one file") {
  std::string file;
  for (u64 n = 0; n < 5000; ++n) file += record(0x400000 + 4 * n, {0x10000000 + n * 8}, {0x20000000 + n * 64});
  const auto events = read_bytes(file);
  CHECK(events.size() == 15000);
  for (const auto kind : {Compression::gzip, Compression::xz, Compression::zstd}) {
    CAPTURE(name(kind));
    CHECK(same(read_bytes(packed(file, kind)), events));
    CHECK(same(read_bytes(packed(file.substr(0, 64000), kind) + packed(file.substr(64000), kind)), events));
  }
}

TEST_CASE("champsim: what is no record is refused with its byte") {
  const std::string good = record(0x401000, {}, {});
  std::string many;
  for (int n = 0; n < 100; ++n) many += good;
  CHECK(refused(many + good.substr(0, 63)) == "trace:byte 6463: the file ends inside a record of 64 bytes");
  CHECK(refused(many + record(0, {}, {})) == "trace:byte 6400: address of the instruction is 0");
  CHECK(refused(many + record(1, {}, {}, 2)) == "trace:byte 6400: branch flag of the instruction is not 0 or 1");
  CHECK(refused(many + record(1, {}, {}, 0, 7)) == "trace:byte 6400: taken flag of the instruction is not 0 or 1");
  CHECK(refused(many + record(1, {}, {~u64{0} - 3})) ==
        "trace:byte 6400: reference passes the end of the address space");
  CHECK(refused(record(1, {}, {}, 9)).find("no trace: neither text nor compact, and not ChampSim") !=
        std::string::npos);
}

TEST_CASE("din: labels, comments, prefixes, sizes are 4 bytes inside the page") {
  CHECK(same(read_bytes("2 401000\n0 0x1000 comment\n1\t7fffff\r\n\n  3 10\n4 20\n0 1ffe\n"),
             {reference(Kind::fetch, 0x401000, 4), reference(Kind::read, 0x1000, 4),
              reference(Kind::write, 0x7fffff, 1), reference(Kind::read, 0x10, 4), reference(Kind::read, 0x1ffe, 2)}));
}

TEST_CASE("din: malformed lines are refused with their number") {
  CHECK(refused("0 10\n5 10\n") == "trace:2: label of the reference is not 0 to 4");
  CHECK(refused("0 10\nr 10\n") == "trace:2: label of the reference is not 0 to 4");
  CHECK(refused("0 10\n0\n") == "trace:2: no blank behind the label");
  CHECK(refused("0 10\n0 \n") == "trace:2: address of the reference is malformed");
  CHECK(refused("0 10\n0 1g\n") == "trace:2: address of the reference is malformed");
  CHECK(refused("0 10\n0 11112222333344445\n") == "trace:2: address of the reference is malformed");
  CHECK(refused("0 10\n0 ffffffffffffffff\n") == "trace:2: reference passes the end of the address space");
  CHECK(refused("0 10\n0 10") == "trace:2: last line is cut off");
}

TEST_CASE("drmemtrace: references of the view tool's lines") {
  const std::string text =
      "Output format:\n"
      "<--record#-> <--instr#->: <---tid---> <record details>\n"
      "------------------------------------------------------------\n"
      "           1           0:      296231 <marker: version 6>\n"
      "           2           0:      296231 <marker: tid 296231 on core 10>\n"
      "           3           1:      296231 ifetch       8 byte(s) @ 0x0000000000401012 48 8d 34 25 00 20 40 lea    "
      "0x00402000 -> %rsi\n"
      "           3           1:      296231                                             00\n"
      "           4           1:      296231 read         8 byte(s) @ 0x00007fdf64e2adc8 by PC 0x0000000000401012\n"
      "           5           1:  W0.T296231 write     1000 byte(s) @ 0x00007fdf64e2a000 by PC 0x0000000000401012\n"
      "           6           2:      296231 non-fetched instr @ 0x0000000000401012\n"
      "           7           2:      296231 <thread 296231 exited>\n"
      "View tool results:\n"
      "              2 : total instructions\n";
  CHECK(same(read_bytes(text),
             {reference(Kind::fetch, 0x401012, 8), reference(Kind::read, 0x7fdf64e2adc8, 8),
              reference(Kind::write, 0x7fdf64e2a000, 512), reference(Kind::write, 0x7fdf64e2a200, 488)}));
}

TEST_CASE("drmemtrace: malformed lines are refused with their number") {
  const std::string good = "1 1: 7 ifetch 4 byte(s) @ 0x1000 aa\n";
  CHECK(refused(good).empty());
  CHECK(refused(good + "2 1: 7 fetched 4 byte(s) @ 0x1000\n") == "trace:2: record is of an unknown kind");
  CHECK(refused(good + "2 1: x read 4 byte(s) @ 0x1000\n") == "trace:2: thread is malformed");
  CHECK(refused(good + "2 1 7 read 4 byte(s) @ 0x1000\n") == "trace:2: not a line of the view tool");
  CHECK(refused(good + "hello\n") == "trace:2: not a line of the view tool");
  CHECK(refused(good + "2 1: 7 read 0 byte(s) @ 0x1000\n") == "trace:2: size of the reference is not 1 to 65536");
  CHECK(refused(good + "2 1: 7 read 4 bytes @ 0x1000\n") == "trace:2: size of the reference is malformed");
  CHECK(refused(good + "2 1: 7 read 4 byte(s) @ 0xz\n") == "trace:2: address of the reference is malformed");
  CHECK(refused(good + "2 1: 7 read 4 byte(s) @ 0xfffffffffffffffe\n") ==
        "trace:2: reference passes the end of the address space");
  CHECK(refused(good + "2 1: 7 read 4 byte(s) @ 0x10") == "trace:2: last line is cut off");
}

TEST_CASE("every format is known by its contents") {
  const std::string lackey = "I  00401000,3\n";
  const auto found = [](const std::string& bytes) { return open_trace_from(memory_bytes(bytes), "x.lk").format; };
  CHECK(found(lackey) == TraceFormat::lackey);
  CHECK(found("\n==1== Lackey\n" + lackey) == TraceFormat::lackey);
  CHECK(found(compact_file({})) == TraceFormat::compact);
  CHECK(found(record(0x401000, {}, {})) == TraceFormat::champsim);
  CHECK(found("Output format:\n") == TraceFormat::drmemtrace);
  CHECK(found("  1  0:  33 <marker: version 6>\n") == TraceFormat::drmemtrace);
  CHECK(found("2 401000\n") == TraceFormat::din);
  CHECK(refused("") == "trace:byte 0: the file is empty");
  CHECK(refused("hello\n") == "trace:1: not a line of a lackey log");
}

TEST_CASE("every compression is known by its contents, a cut or damaged stream is an error") {
  const std::string plain = lackey_text(random_events(3, 400));
  const auto events = read_bytes(plain);
  for (const auto kind : {Compression::gzip, Compression::xz, Compression::zstd}) {
    CAPTURE(name(kind));
    const std::string file = packed(plain, kind);
    const auto opened = open_trace_from(memory_bytes(file), "trace");
    CHECK(opened.compression == kind);
    CHECK(same(read_all(*opened.reader), events));
    CHECK(same(read_bytes(packed(plain, kind) + packed("", kind)), events));
    CHECK(!refused(file + "trailing bytes").empty());
    for (size_t n = 0; n < file.size(); ++n) {
      CAPTURE(n);
      REQUIRE(!refused(std::string_view(file).substr(0, n)).empty());
    }
    CHECK(refused(file.substr(0, file.size() - 1)).find(" data is damaged or cut off") != std::string::npos);
  }
  // gzip and xz carry checksums of the contents: a flipped bit never changes events silently.
  for (const auto kind : {Compression::gzip, Compression::xz}) {
    CAPTURE(name(kind));
    const std::string file = packed(plain, kind);
    for (size_t n = 0; n < file.size(); n += 3) {
      CAPTURE(n);
      std::string damaged = file;
      damaged[n] = static_cast<char>(damaged[n] ^ 0x10);
      if (refused(damaged).empty()) REQUIRE(same(read_bytes(damaged), events));  // a header field without meaning
    }
  }
}

TEST_CASE("seeded bug M22: a damaged stream that is ignored is a short trace") {
  std::string plain = lackey_text(random_events(4, 20000));
  const auto events = read_bytes(plain);
  for (const auto kind : {Compression::xz, Compression::gzip, Compression::zstd}) {
    CAPTURE(name(kind));
    const std::string file = packed(plain, kind);
    // The cut of a download that stopped; a cut in the middle of a line is also found by the reader of lines.
    const auto cut = std::string_view(file).substr(0, file.size() - 4);
    CHECK(!refused(cut).empty());
    CHECK(refused(cut, {.bug = Bug::damage_ignored}).find("damaged") == std::string::npos);
  }
}

TEST_CASE("wrong lines are left out up to a number of them") {
  const std::string text = "I  1000,4\nbad\n L 2000,8\n S 3000,\nworse\nI  1004,4\n";
  CHECK(refused(text) == "trace:2: not a line of a lackey log");
  CHECK(refused(text, {.skip_bad_lines = 2}) == "trace:5: not a line of a lackey log");
  CHECK(same(read_bytes(text, {.skip_bad_lines = 3}),
             {reference(Kind::fetch, 0x1000, 4), reference(Kind::read, 0x2000, 8), reference(Kind::fetch, 0x1004, 4)}));
  CHECK(read_bytes("0 10\n9 9\n1 20\n", {.skip_bad_lines = 1}).size() == 2);
  // Never what cannot be taken up again: damage below the lines.
  const std::string file = packed(text, Compression::gzip);
  CHECK(!refused(file.substr(0, file.size() - 2), {.skip_bad_lines = 1000}).empty());
}

}  // namespace kilburn::os::test
