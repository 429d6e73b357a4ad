// SPDX-License-Identifier: Apache-2.0
//
// Escapes and figures of the reports.
#include "tb/regress/words.h"

#include "tests/catch.h"

using namespace kilburn::regress;

TEST_CASE("text that is no UTF-8 becomes UTF-8") {
  CHECK(clean("a\tb\n") == "a\tb\n");
  CHECK(clean("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80") == "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  CHECK(clean("\x1b[31m") == "?[31m");
  CHECK(clean("\xff\xc3") == "??");
  CHECK(clean("\xc0\xaf") == "??");            // overlong (RFC 3629, 3)
  CHECK(clean("\xed\xa0\x80") == "???");       // a surrogate
  CHECK(clean("\xf4\x90\x80\x80") == "????");  // above U+10FFFF
}

TEST_CASE("markup and shell words are escaped") {
  CHECK(markup("<a href=\"x\">&</a>") == "&lt;a href=&quot;x&quot;&gt;&amp;&lt;/a&gt;");
  CHECK(shell_word("a=b/c") == "a=b/c");
  CHECK(shell_word("") == "''");
  CHECK(shell_word("it's $x") == "'it'\\''s $x'");
}

TEST_CASE("figures as people read them") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(1234567) == "1 234 567");
  CHECK(plural(1, "run") == "1 run");
  CHECK(plural(2000, "run") == "2 000 runs");
  CHECK(duration(0.0124) == "12 ms");
  CHECK(duration(3.44) == "3.4 s");
  CHECK(duration(302) == "5 min 2 s");
  CHECK(duration(7260) == "2 h 1 min");
}
