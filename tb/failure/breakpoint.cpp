// SPDX-License-Identifier: Apache-2.0
//
// The grammar of a breakpoint; every rule yields a function of a transfer.
#include "tb/failure/breakpoint.h"

#include <boost/spirit/home/x3.hpp>
#include <vector>

#include "model/arch/layout.h"
#include "tb/errors.h"
#include "tb/text.h"

namespace kilburn::tb {
namespace {

namespace x3 = boost::spirit::x3;
using arch::u64;
using Condition = Breakpoint::Condition;
using Compare = bool (*)(u64, u64);

struct Kinds : x3::symbols<Transfer::Kind> {
  Kinds() {
    using Kind = Transfer::Kind;
    add("request", Kind::request)("response", Kind::response)("read", Kind::read)("swap", Kind::swap)(
        "answer", Kind::answer)("operation", Kind::operation)("acknowledge", Kind::acknowledge)("edit", Kind::edit);
  }
} const kKinds;

struct Fields : x3::symbols<Field> {
  Fields() {
    add("cycle", Field::cycle)("side", Field::side)("id", Field::id)("va", Field::va)("pa", Field::pa)(
        "write", Field::write)("fetch", Field::fetch)("mode", Field::mode)("asid", Field::asid)("root", Field::root)(
        "controls", Field::controls)("fault", Field::fault)("error", Field::error)("level", Field::level)(
        "size", Field::size)("op", Field::op)("data", Field::data);
  }
} const kFieldNames;

struct Comparisons : x3::symbols<Compare> {
  Comparisons() {
    add("==", [](u64 a, u64 b) { return a == b; })("!=", [](u64 a, u64 b) { return a != b; })(
        "<", [](u64 a, u64 b) { return a < b; })("<=", [](u64 a, u64 b) { return a <= b; })(
        ">", [](u64 a, u64 b) { return a > b; })(">=", [](u64 a, u64 b) { return a >= b; });
  }
} const kComparisons;

using Names = std::vector<std::pair<std::string, u64>>;

// The names that a field's values have. A space of a name is written as '_'.
Names names_of(Field field) {
  Names names;
  const auto add = [&](std::string_view name, u64 value) {
    std::string word(name);
    for (char& c : word) c = c == ' ' ? '_' : c;
    names.emplace_back(std::move(word), value);
  };
  if (field == Field::side) names = {{"i", 0}, {"d", 1}};
  if (field == Field::mode) {
    for (unsigned n = 0; n < 4; ++n) add(arch::name(static_cast<arch::Mode>(n)), n);
  }
  if (field == Field::fault) {
    for (unsigned n = 0; n < 16; ++n) {
      const auto name = arch::name(static_cast<arch::Fault>(n));
      if (!name.starts_with("unknown")) add(name, n);
    }
  }
  if (field == Field::op) {
    for (unsigned n = 0; n <= arch::layout::Inv::FILL_D; ++n) add(invalidation_name(n), n);
  }
  return names;
}

u64 value_of(Field field, const std::string& word) {
  const Names names = names_of(field);
  std::string known;
  for (const auto& [name, value] : names) {
    if (name == word) return value;
    known += (known.empty() ? "" : ", ") + name;
  }
  throw UserError("--break: \"" + word + "\" is no number" + (known.empty() ? "" : " and none of the names " + known));
}

// Of a comparison, while it is read.
struct Compared {
  Field field{};
  Compare compare{};
};

Condition one_kind(Transfer::Kind kind) {
  return [kind](const Transfer& t) { return t.kind == kind; };
}
Condition there(Field field) {
  return [field](const Transfer& t) { return t.has(field) && t[field] != 0; };
}
Condition compared(const Compared& how, u64 value) {
  return [how, value](const Transfer& t) { return t.has(how.field) && how.compare(t[how.field], value); };
}

const auto is_letter = x3::alnum | x3::char_("_#.");
const auto word = [](const auto& parser) { return x3::lexeme[parser >> !is_letter]; };

struct OnError {
  template <class Iterator, class Exception, class Context>
  x3::error_handler_result on_error(Iterator&, const Iterator& last, const Exception& e, const Context&) {
    const std::string rest(e.where(), last);
    throw UserError("--break: a condition, a value or a ')' is missing " +
                    (rest.empty() ? "at the end" : "before \"" + rest + "\""));
  }
};
struct ConditionRule : OnError {};

const x3::rule<ConditionRule, Condition> condition = "a condition";
const x3::rule<struct BothRule, Condition> both = "a condition";
const x3::rule<struct OneRule, Condition> one = "a condition";
const x3::rule<struct ComparisonRule, Condition> comparison = "a comparison";

const auto take = [](auto& ctx) { x3::_val(ctx) = x3::_attr(ctx); };

const auto condition_def = both[take] >> *("||" > both[([](auto& ctx) {
                                             x3::_val(ctx) = [a = x3::_val(ctx), b = x3::_attr(ctx)](
                                                                 const Transfer& t) { return a(t) || b(t); };
                                           })]);
const auto both_def = one[take] >> *("&&" > one[([](auto& ctx) {
                                       x3::_val(ctx) = [a = x3::_val(ctx), b = x3::_attr(ctx)](const Transfer& t) {
                                         return a(t) && b(t);
                                       };
                                     })]);

// A comparison's field and operator are remembered in a tag of the whole parse.
struct RememberedTag {};
const auto number = x3::rule<struct NumberRule, u64>("a value") =
    x3::lexeme[(x3::no_case["0x"] > x3::uint_parser<u64, 16>()) | x3::uint_parser<u64>()];
const auto name = x3::rule<struct NameRule, std::string>("a value") = x3::lexeme[+is_letter];
const auto field = x3::rule<struct FieldRule, Field>("a field") = word(kFieldNames);
const auto kind = x3::rule<struct KindRule, Transfer::Kind>("a kind of transfer") = word(kKinds);

const auto remember_field = [](auto& ctx) {
  Compared& how = x3::get<RememberedTag>(ctx);
  how.field = x3::_attr(ctx);
  x3::_val(ctx) = there(how.field);
};
const auto remember_compare = [](auto& ctx) { x3::get<RememberedTag>(ctx).compare = x3::_attr(ctx); };
const auto with_number = [](auto& ctx) { x3::_val(ctx) = compared(x3::get<RememberedTag>(ctx), x3::_attr(ctx)); };
const auto with_name = [](auto& ctx) {
  const Compared& how = x3::get<RememberedTag>(ctx);
  x3::_val(ctx) = compared(how, value_of(how.field, x3::_attr(ctx)));
};
const auto value = x3::rule<struct ValueRule, Condition>("a value") =
    (number >> x3::lexeme[!is_letter])[([](auto& ctx) { with_number(ctx); })] | name[with_name];

const auto comparison_def = field[remember_field] >> -(kComparisons[remember_compare] > value[take]);
const auto one_def =
    (x3::lit('!') >> !x3::lit('=') >
     one[([](auto& ctx) { x3::_val(ctx) = [a = x3::_attr(ctx)](const Transfer& t) { return !a(t); }; })]) |
    (x3::lit('(') > condition[take] > x3::lit(')')) | comparison[take] |
    kind[([](auto& ctx) { x3::_val(ctx) = one_kind(x3::_attr(ctx)); })];

BOOST_SPIRIT_DEFINE(condition, both, one, comparison)

}  // namespace

Breakpoint::Breakpoint(const std::string& text) {
  auto at = text.begin();
  Compared remembered;
  const bool parsed =
      x3::phrase_parse(at, text.end(), x3::with<RememberedTag>(remembered)[condition], x3::space, condition_);
  if (!parsed || at != text.end()) {
    throw UserError("--break: no condition can be read from \"" + std::string(at, text.end()) + "\"");
  }
}

}  // namespace kilburn::tb
