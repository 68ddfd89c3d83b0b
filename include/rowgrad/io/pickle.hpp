// What: a reader of pickles that builds values and runs nothing.
// Why:  a pickle is a program, and Python's reader calls whatever functions it names. This one knows the opcodes that a
//       dict of tensors is written with; a function is a name to it, and a call is the name with its arguments, for the
//       caller to make something of or to refuse.
// See:  pt.hpp (which names are allowed); Python's pickletools for the opcodes.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <rowgrad/core/concat.hpp>
#include <rowgrad/core/error.hpp>
#include <rowgrad/io/dtype.hpp>

namespace rowgrad::io::detail {

/// A value of a pickle. Values refer to each other, perhaps in circles: walk no deeper than what you expect.
struct PickleValue {
  enum class Kind {
    none,
    boolean,
    integer,
    real,
    text,
    sequence,    // a tuple or list: items
    dict,        // items: key, value, key, value, ...
    name,        // text: "module name"
    call,        // items: the name and the tuple of arguments, then what was set on the result
    persistent,  // items: the id, which tells where something outside the pickle lies
    mark
  };
  Kind kind = Kind::none;
  std::int64_t integer = 0;
  double real = 0;
  std::string text;
  std::vector<PickleValue*> items;
};

/// Reads one pickle. ParseError for an opcode it does not know, or for one that does not fit what came before. Memory
/// is a fixed multiple of the pickle's size.
class Pickle {
 public:
  Pickle(std::string_view bytes, const std::string& path, std::string_view member)
      : bytes_(bytes), path_(path), member_(member) {
    if (!bytes.starts_with('\x80')) fail("expected a pickle of protocol 2 or later, which torch.save() writes");
    while (step()) {
    }
    if (stack_.size() != 1) fail("expected one value at its end, got ", stack_.size());
  }
  Pickle(const Pickle&) = delete;
  Pickle& operator=(const Pickle&) = delete;

  const PickleValue& value() const noexcept { return *stack_[0]; }

 private:
  using Kind = PickleValue::Kind;

  template <typename... Pieces>
  [[noreturn]] void fail(const Pieces&... pieces) const {
    throw ParseError(path_, 0, rowgrad::detail::concat(member_, ", byte ", at_, ": ", pieces...));
  }

  template <typename Raw>
  Raw get() {
    if (bytes_.size() - at_ < sizeof(Raw)) fail("the pickle is cut short");
    const Raw value = load<Raw>(bytes_.data() + at_);
    at_ += sizeof(Raw);
    return value;
  }
  std::string_view get_bytes(std::uint64_t size) {
    if (size > bytes_.size() - at_) fail("a text of ", size, " bytes does not fit the pickle");
    const std::string_view text = bytes_.substr(at_, static_cast<std::size_t>(size));
    at_ += text.size();
    return text;
  }
  std::string_view get_line() {
    const std::size_t end = bytes_.find('\n', at_);
    if (end == std::string_view::npos) fail("the pickle is cut short");
    const std::string_view line = bytes_.substr(at_, end - at_);
    at_ = end + 1;
    return line;
  }

  PickleValue& push(Kind kind) {
    PickleValue& value = values_.emplace_back();
    value.kind = kind;
    stack_.push_back(&value);
    return value;
  }
  void push_integer(std::int64_t integer) { push(Kind::integer).integer = integer; }
  void push_boolean(bool value) { push(Kind::boolean).integer = value ? 1 : 0; }
  void push_text(std::string_view text) { push(Kind::text).text = text; }

  PickleValue& top() const {
    if (stack_.empty()) fail("an opcode that needs a value, but there is none");
    return *stack_.back();
  }
  PickleValue* pop() {
    PickleValue* value = &top();
    stack_.pop_back();
    return value;
  }
  /// What was pushed since the last mark; the mark goes, too.
  std::vector<PickleValue*> pop_to_mark() {
    std::size_t first = stack_.size();
    while (first > 0 && stack_[first - 1]->kind != Kind::mark) --first;
    if (first == 0) fail("an opcode that needs a mark, but there is none");
    std::vector<PickleValue*> items(stack_.begin() + static_cast<std::ptrdiff_t>(first), stack_.end());
    stack_.resize(first - 1);
    return items;
  }
  void push_sequence(std::size_t size) {
    std::vector<PickleValue*> items(size);
    while (size > 0) items[--size] = pop();
    push(Kind::sequence).items = std::move(items);
  }
  void remember(std::uint32_t key) { memo_[key] = &top(); }
  void recall(std::uint32_t key) {
    const auto found = memo_.find(key);
    if (found == memo_.end()) fail("a reference to value ", key, ", which was not kept");
    stack_.push_back(found->second);
  }
  void add_items(Kind kind, const std::vector<PickleValue*>& items) {
    PickleValue& target = top();
    // An OrderedDict is a call whose items follow the name and the arguments.
    const bool fits = target.kind == kind || (kind == Kind::dict && target.kind == Kind::call);
    if (!fits || (kind == Kind::dict && items.size() % 2 != 0)) fail("items for what takes none");
    target.items.insert(target.items.end(), items.begin(), items.end());
  }
  void push_call() {
    PickleValue* arguments = pop();
    PickleValue* function = pop();
    if (function->kind != Kind::name || arguments->kind != Kind::sequence) fail("a call of what is not a function");
    push(Kind::call).items = {function, arguments};
  }
  /// A whole number of up to eight bytes, as Python writes them: two's complement, the least byte first.
  std::int64_t get_long() {
    const std::string_view digits = get_bytes(get<std::uint8_t>());
    if (digits.size() > 8) fail("a whole number of more than 64 bits");
    std::uint64_t value = !digits.empty() && (digits.back() & 0x80) != 0 ? ~std::uint64_t{0} : 0;
    for (std::size_t i = digits.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(digits[i]);
    return static_cast<std::int64_t>(value);
  }
  double get_real() {  // the one value with the greatest byte first
    const std::string_view digits = get_bytes(8);
    std::uint64_t bits = 0;
    for (const char c : digits) bits = bits << 8 | static_cast<unsigned char>(c);
    return std::bit_cast<double>(bits);
  }

  bool step() {
    const auto opcode = static_cast<unsigned char>(get<std::uint8_t>());
    switch (opcode) {
      case 0x80:
        get<std::uint8_t>();
        return true;  // PROTO
      case 0x95:
        get<std::uint64_t>();
        return true;  // FRAME
      case '.':
        return false;  // STOP
      case 'N':
        push(Kind::none);
        return true;
      case 0x88:
        push_boolean(true);
        return true;
      case 0x89:
        push_boolean(false);
        return true;
      case 'J':
        push_integer(get<std::int32_t>());
        return true;
      case 'K':
        push_integer(get<std::uint8_t>());
        return true;
      case 'M':
        push_integer(get<std::uint16_t>());
        return true;
      case 0x8a:
        push_integer(get_long());
        return true;
      case 'G':
        push(Kind::real).real = get_real();
        return true;
      case 'X':
        push_text(get_bytes(get<std::uint32_t>()));
        return true;
      case 0x8c:
        push_text(get_bytes(get<std::uint8_t>()));
        return true;
      case 0x8d:
        push_text(get_bytes(get<std::uint64_t>()));
        return true;
      case '(':
        push(Kind::mark);
        return true;
      case ')':
      case ']':
        push(Kind::sequence);
        return true;
      case '}':
        push(Kind::dict);
        return true;
      case 't': {
        std::vector<PickleValue*> items = pop_to_mark();
        push(Kind::sequence).items = std::move(items);
        return true;
      }
      case 0x85:
        push_sequence(1);
        return true;
      case 0x86:
        push_sequence(2);
        return true;
      case 0x87:
        push_sequence(3);
        return true;
      case 'a':
        add_items(Kind::sequence, {pop()});
        return true;
      case 'e':
        add_items(Kind::sequence, pop_to_mark());
        return true;
      case 's': {
        PickleValue* value = pop();
        PickleValue* key = pop();
        add_items(Kind::dict, {key, value});
        return true;
      }
      case 'u':
        add_items(Kind::dict, pop_to_mark());
        return true;
      case 'c': {
        const std::string_view module = get_line(), name = get_line();
        push(Kind::name).text = rowgrad::detail::concat(module, " ", name);
        return true;
      }
      case 0x93: {
        const PickleValue *name = pop(), *module = pop();
        if (name->kind != Kind::text || module->kind != Kind::text) fail("a name that is not a text");
        push(Kind::name).text = rowgrad::detail::concat(module->text, " ", name->text);
        return true;
      }
      case 'R':
      case 0x81:  // an object made by its class, which is a call as well
        push_call();
        return true;
      case 'b':
        (void)pop();
        (void)top();
        return true;  // attributes: of a dict of tensors, its _metadata
      case 'Q': {
        PickleValue* id = pop();
        push(Kind::persistent).items = {id};
        return true;
      }
      case 'q':
        remember(get<std::uint8_t>());
        return true;
      case 'r':
        remember(get<std::uint32_t>());
        return true;
      case 0x94:
        remember(static_cast<std::uint32_t>(memo_.size()));
        return true;
      case 'h':
        recall(get<std::uint8_t>());
        return true;
      case 'j':
        recall(get<std::uint32_t>());
        return true;
      default:
        break;
    }
    --at_;
    fail("opcode ", static_cast<int>(opcode),
         " is not one that a dict of tensors is written with (does the file hold a model? Save its state_dict())");
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  const std::string& path_;
  std::string_view member_;
  std::deque<PickleValue> values_;  // all there are: addresses stay
  std::vector<PickleValue*> stack_;
  std::unordered_map<std::uint32_t, PickleValue*> memo_;
};

}  // namespace rowgrad::io::detail
