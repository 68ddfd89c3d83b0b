// What: Checkpoint, everything a training run consists of in one file, and the run's way back.
// Why:  a run that is killed at any instant goes on as if nothing had happened, with the same bits.
// See:  parts.hpp (what can be saved), state_file.hpp (names in the file); docs/saving.md.
#pragma once

#include <filesystem>
#include <map>
#include <optional>

#include <rowgrad/io/checksum.hpp>
#include <rowgrad/train/parts.hpp>

namespace rowgrad::train {

/// Which values of a metric are the better ones.
enum class Best { lowest, highest };

/// Saves what was added to it, and brings it back:
///
///     train::Checkpoint checkpoint("run.safetensors");
///     checkpoint.add("model", model).add("adam", adam).add("batches", batches).add("epoch", epoch);
///     checkpoint.resume();                        // goes on where an earlier run was saved; false if there was none
///     while (epoch < 10) {
///       for (auto& batch : batches) ...           // in the middle of an epoch, if it was saved there
///       ++epoch;
///       checkpoint.save();
///     }
///
/// A run that is stopped and resumed has the bits of one that was not, at any number of threads, and saving leaves no
/// trace in them. Every file appears as a whole or not at all and has a checksum, which is checked before it is read.
/// The default generator is part of every checkpoint. All things added must outlive it. One run at a time may write to
/// a path. The file is a safetensors file; the weights in it are up to date: see state_file.hpp for the names.
class Checkpoint {
 public:
  /// Nothing is read or written yet.
  explicit Checkpoint(std::string path) : path_(std::move(path)) { add("default_generator", default_generator()); }
  Checkpoint(const Checkpoint&) = delete;
  Checkpoint& operator=(const Checkpoint&) = delete;

  /// A model, an optimizer, a schedule, batches, a generator, a tensor, a number, numbers in a vector, or a text.
  /// ValueError for a name that is empty, has a dot in it or is taken.
  template <typename Object>
  requires requires(Object& object) { parts::of(object); }
  Checkpoint& add(std::string name, Object& object) {
    Part part = parts::of(object);
    part.name = std::move(name);
    return add(std::move(part));
  }
  /// Anything else: save() gives its tensors, and load() gets them back under their names. It is called after
  /// everything else has been checked, and before anything is changed: what it throws, resume() throws.
  Checkpoint& add(std::string name, std::function<StateDict()> save, std::function<void(const StateDict&)> load) {
    Part part{std::move(name), "custom", Part::Turn::custom, {}, {}};
    part.save = [save = std::move(save)](StateWriter& writer) {
      for (const auto& [tensor_name, tensor] : save()) writer.tensor(tensor_name, tensor);
      return nullptr;
    };
    part.load = [load = std::move(load)](const StateReader& reader) {
      return [load, state = all_of(reader)] { load(state); };
    };
    return add(std::move(part));
  }

  /// From now on each save() writes a file of its own, "run-000012.safetensors", and the last n of them are kept.
  /// ValueError for n < 1.
  Checkpoint& keep_last(Index n) {
    if (n < 1) throw ValueError(rowgrad::detail::concat("Checkpoint: expected keep_last(n >= 1), got ", n));
    keep_ = n;
    return *this;
  }
  /// From now on save(metric) also writes "run-best.safetensors" when the metric is the best so far.
  Checkpoint& keep_best(Best best = Best::lowest) {
    best_is_ = best;
    return *this;
  }

  /// Writes a checkpoint. FileError when that fails: the file of the last save is as it was then. Nothing that was
  /// added is changed, whatever happens.
  void save() { save_as(path_of_next()); }
  /// The same with a metric, for keep_best(), whose best value is part of the checkpoint. ValueError for NaN, or
  /// without keep_best().
  void save(double metric) {
    if (!best_is_) throw ValueError("Checkpoint: save(metric) expects keep_best() before");
    if (metric != metric) throw ValueError("Checkpoint: the metric is NaN");
    const bool better = !has_best_ || (*best_is_ == Best::lowest ? metric < best_ : metric > best_);
    const std::string path = path_of_next();
    const double before = std::exchange(best_, better ? metric : best_);
    const bool had = std::exchange(has_best_, true);
    try {
      if (better) write(best_path(), saves_ + 1);
    } catch (...) {
      best_ = before;
      has_best_ = had;
      throw;
    }
    save_as(path);  // if this fails, the best file is there all the same, and the next must be better than it
  }

  /// Goes on from the last checkpoint that is whole; false when there is none. Damaged ones that are newer are passed
  /// over, and named by damaged(); ParseError when no other is left. ValueError that lists everything in it that does
  /// not fit what was added: another model, optimizer or version. Nothing is changed by an error.
  bool resume() {
    remove_leftovers();
    damaged_.clear();
    const std::optional<io::TensorFile> file = open_latest(damaged_);
    if (file) resume(*file);
    return file.has_value();
  }
  /// The same from the file of that name, which must be there. ParseError when it is damaged or no checkpoint.
  void resume(const std::string& path) { resume(open(path)); }
  /// What is wrong with each file that the last resume() passed over, as messages that name it.
  const std::vector<std::string>& damaged() const noexcept { return damaged_; }

  /// The file that resume() would read; "" when there is none. Reads it. ParseError as there.
  std::string latest() const {
    std::vector<std::string> damaged;
    const std::optional<io::TensorFile> file = open_latest(damaged);
    return file ? file->path() : "";
  }
  /// The file that keep_best() keeps, whether it is there or not.
  std::string best_path() const { return stem() + "-best" + extension(); }
  /// Checkpoints saved so far, in earlier runs, too.
  Index saves() const noexcept { return saves_; }
  /// The best metric so far; nothing before the first save(metric).
  std::optional<double> best() const { return has_best_ ? std::optional(best_) : std::nullopt; }

 private:
  static constexpr const char* version = "1";
  static constexpr const char* version_key = "rowgrad checkpoint";
  static constexpr const char* part_key = "part ";          // and the part's name; its value is the kind
  static constexpr const char* own_prefix = "checkpoint.";  // names of what the checkpoint itself knows

  Checkpoint& add(Part part) {
    const auto fail = [&part](const char* why) {
      throw ValueError(rowgrad::detail::concat("Checkpoint: a part cannot be called '", part.name, "': ", why));
    };
    if (part.name.empty() || part.name.find('.') != std::string::npos) fail("expected a name without dots");
    if (part.name == "checkpoint" || part.name == "__metadata__") fail("the name is used by the file itself");
    for (const Part& other : parts_)
      if (other.name == part.name) fail("the name is used twice");
    parts_.push_back(std::move(part));
    return *this;
  }

  static StateDict all_of(const StateReader& reader) {
    StateDict state;
    for (const std::string& name : reader.names()) {
      const auto keep = [&](auto scalar) {
        using U = decltype(scalar);
        if (reader.reads_as<U>(name)) state.append(name, reader.tensor<U>(name));
      };
      keep(float()), keep(double()), keep(Index()), keep(std::int32_t()), keep(std::int16_t()), keep(std::int8_t()),
          keep(std::uint8_t()), keep(bool());
      if (!state.contains(name)) reader.fail(name, "holds ", reader.type_name(name), ", which no tensor has");
    }
    return state;
  }

  // --- files

  std::string extension() const { return std::filesystem::path(path_).extension().string(); }
  std::string stem() const { return path_.substr(0, path_.size() - extension().size()); }
  std::string path_of(Index number) const {
    std::string digits = rowgrad::detail::concat(number);
    if (digits.size() < 6) digits.insert(0, 6 - digits.size(), '0');
    return stem() + "-" + digits + extension();
  }

  /// f(name of a file beside the checkpoint's, its path).
  template <typename F>
  void for_each_neighbour(const F& f) const {
    const std::filesystem::path folder = std::filesystem::path(path_).parent_path();
    std::error_code error;
    for (std::filesystem::directory_iterator it(folder.empty() ? "." : folder, error), end; !error && it != end;
         it.increment(error))
      f(it->path().filename().string(), (folder / it->path().filename()).string());
  }
  static bool all_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  }

  /// The files that keep_last() counts.
  std::map<Index, std::string> numbered() const {
    std::map<Index, std::string> result;
    const std::string begin = std::filesystem::path(stem()).filename().string() + "-", end = extension();
    for_each_neighbour([&](const std::string& name, const std::string& path) {
      if (name.size() < begin.size() + end.size() || !name.starts_with(begin) || !name.ends_with(end)) return;
      const std::string digits = name.substr(begin.size(), name.size() - begin.size() - end.size());
      if (all_digits(digits) && digits.size() >= 6 && digits.size() < 18) result.emplace(std::stoll(digits), path);
    });
    return result;
  }

  /// What a save that was killed left beside its file. FileError is for those who write.
  void remove_leftovers() const {
    const std::string stem_name = std::filesystem::path(stem()).filename().string();
    std::vector<std::string> leftovers;
    for_each_neighbour([&](const std::string& name, const std::string& path) {
      const std::string written = io::AtomicFile::name_of_unfinished(name);
      if (written.empty() || !written.starts_with(stem_name) || !written.ends_with(extension())) return;
      const std::string_view between =
          std::string_view(written).substr(stem_name.size(), written.size() - stem_name.size() - extension().size());
      if (between.empty() || between == "-best" || (between[0] == '-' && all_digits(between.substr(1))))
        leftovers.push_back(path);
    });
    std::error_code ignored;
    for (const std::string& path : leftovers) std::filesystem::remove(path, ignored);
  }

  static io::TensorFile open(const std::string& path) {
    io::TensorFile file = io::open_safetensors(path);
    const std::string* const found = file.metadata(version_key);
    if (found == nullptr) throw ParseError(path, 0, "expected a checkpoint, got another safetensors file");
    if (*found != version)
      throw ValueError(rowgrad::detail::concat("Checkpoint: ", path, ": expected a checkpoint of version ", version,
                                               ", got version ", *found));
    io::check_checksum(file);
    return file;
  }

  // --- saving

  std::string path_of_next() {
    if (keep_ == 1 && numbered().empty()) return path_;
    const auto numbered = this->numbered();
    if (!numbered.empty()) saves_ = std::max(saves_, numbered.rbegin()->first);
    return keep_ == 1 ? path_ : path_of(saves_ + 1);
  }

  void save_as(const std::string& path) {
    write(path, saves_ + 1);
    ++saves_;
    if (keep_ == 1) return;
    std::map<Index, std::string> files = numbered();
    std::error_code ignored;
    for (; files.size() > static_cast<std::size_t>(keep_); files.erase(files.begin()))
      std::filesystem::remove(files.begin()->second, ignored);
  }

  void write(const std::string& path, Index number) {
    std::vector<io::SavedTensor> tensors;
    io::Metadata metadata{{version_key, version}};
    std::vector<std::shared_ptr<void>> held;
    for (const bool optimizers : {true, false})
      for (const Part& part : parts_) {
        if ((part.turn == Part::Turn::optimizer) != optimizers) continue;
        metadata.emplace_back(part_key + part.name, part.kind);
        StateWriter writer(tensors, part.name);
        held.push_back(part.save(writer));
      }
    StateWriter own(tensors, "checkpoint");
    own.value("saves", number);
    if (has_best_) own.value("best", best_);
    io::save_with_checksum(path, tensors, std::move(metadata));
  }

  // --- resuming

  /// The newest that is whole. What is wrong with those before it is added to `damaged`, and thrown when it is the
  /// last.
  std::optional<io::TensorFile> open_latest(std::vector<std::string>& damaged) const {
    std::exception_ptr first;
    const auto open_whole = [&](const std::string& path) -> std::optional<io::TensorFile> {
      try {
        return open(path);
      } catch (const ParseError& error) {
        if (!first) first = std::current_exception();
        damaged.emplace_back(error.what());
        return std::nullopt;
      }
    };
    std::optional<io::TensorFile> plain, last;
    Index plain_number = 0;  // keep_last() may have been called at one time, and at another not
    std::error_code ignored;
    const std::map<Index, std::string> numbered = this->numbered();
    if (std::filesystem::exists(path_, ignored)) plain = open_whole(path_);
    if (plain) {
      std::set<std::string> used;
      plain_number = StateReader(*plain, "checkpoint", used).value<Index>("saves");
    }
    for (auto it = numbered.rbegin(); it != numbered.rend() && !last; ++it) {
      if (plain && plain_number > it->first) return plain;
      last = open_whole(it->second);
    }
    if (!last) last = plain;
    if (!last && first) std::rethrow_exception(first);
    return last;
  }

  void resume(const io::TensorFile& file) {
    std::set<std::string> used;
    std::string problems = differing_parts(file);
    std::vector<std::pair<Part::Turn, Part::Commit>> commits;
    if (problems.empty()) {
      for (const Part& part : parts_) {
        try {
          commits.emplace_back(part.turn, part.load(StateReader(file, part.name, used)));
        } catch (const Error& error) {
          problems += rowgrad::detail::concat("\n  ", part.name, ": ", error.what());
        }
      }
      if (problems.empty())
        for (const io::TensorInfo& info : file.tensors())
          if (!used.contains(info.name) && !info.name.starts_with(own_prefix))
            problems += rowgrad::detail::concat("\n  unexpected: '", info.name, "'");
    }
    if (!problems.empty())
      throw ValueError(rowgrad::detail::concat("Checkpoint: '", file.path(),
                                               "' does not fit this program. Nothing was changed.", problems));
    const StateReader own(file, "checkpoint", used);
    const Index saves = own.value<Index>("saves");
    const bool has_best = own.contains("best");
    const double best = has_best ? own.value<double>("best") : 0;
    for (const auto turn : {Part::Turn::custom, Part::Turn::model, Part::Turn::optimizer, Part::Turn::other})
      for (const auto& [its_turn, commit] : commits)
        if (its_turn == turn) commit();
    saves_ = saves;
    has_best_ = has_best;
    best_ = best;
  }

  std::string differing_parts(const io::TensorFile& file) const {
    std::string problems;
    for (const Part& part : parts_) {
      const std::string* const kind = file.metadata(part_key + part.name);
      if (kind == nullptr)
        problems += rowgrad::detail::concat("\n  missing: '", part.name, "' (", part.kind, ")");
      else if (*kind != part.kind)
        problems += rowgrad::detail::concat("\n  '", part.name, "' is ", *kind, " in the file, expected ", part.kind);
    }
    const std::string_view prefix = part_key;
    for (const auto& [key, kind] : file.metadata()) {
      if (!key.starts_with(prefix)) continue;
      const std::string name = key.substr(prefix.size());
      if (std::none_of(parts_.begin(), parts_.end(), [&](const Part& part) { return part.name == name; }))
        problems += rowgrad::detail::concat("\n  unexpected: '", name, "' (", kind, ")");
    }
    return problems;
  }

  std::string path_;
  std::vector<Part> parts_;
  std::vector<std::string> damaged_;
  Index keep_ = 1, saves_ = 0;
  std::optional<Best> best_is_;
  bool has_best_ = false;
  double best_ = 0;
};

}  // namespace rowgrad::train
