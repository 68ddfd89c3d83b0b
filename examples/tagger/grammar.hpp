// What: sentences with the part of speech of each word, made by a small grammar.
// Why:  data for the tagger that needs no download, and in which a word alone does not tell its tag: "light" is a noun,
// a
//       verb or an adjective, and what comes before or after it decides.
// See:  tagger.cpp.
#pragma once

#include <rowgrad/rowgrad.hpp>

namespace grammar {

using rowgrad::Index;

inline const std::vector<std::string> tags{"DET", "ADJ", "NOUN", "VERB", "ADV", "PREP", "PRON"};
enum Tag : Index { det, adj, noun, verb, adv, prep, pron };

struct Sentence {
  std::vector<std::string> words;
  std::vector<Index> tags;
};

/// Draws from the default generator.
class Writer {
 public:
  /// Noun phrase, verb phrase; at most a few dozen words.
  static Sentence write() {
    Sentence sentence;
    noun_phrase(sentence, 2);
    verb_phrase(sentence);
    return sentence;
  }

 private:
  static bool chance(double p) { return rowgrad::default_generator().uniform<double>() < p; }

  static void add(Sentence& sentence, Tag tag) {
    // One list a tag; most words are in several. A few sentences can be read in two ways: "the cold back down".
    static const std::vector<std::vector<std::string>> lexicon{
        {"the", "a", "this", "that", "her", "every"},
        {"light", "fast", "cold", "old", "back", "round", "open", "still", "plain", "new"},
        {"light", "watch", "play", "plant", "cold", "back", "round", "plain", "dog", "child", "house", "fast"},
        {"light", "watch", "play", "plant", "open", "back", "round", "fast", "see", "still"},
        {"fast", "still", "down", "back", "today", "round"},
        {"down", "round", "in", "with", "near"},
        {"they", "we", "you", "that", "her"}};
    const auto& words = lexicon[static_cast<std::size_t>(tag)];
    const Index word = rowgrad::default_generator().below(static_cast<Index>(words.size()));
    sentence.words.push_back(words[static_cast<std::size_t>(word)]);
    sentence.tags.push_back(tag);
  }

  static void noun_phrase(Sentence& sentence, int depth) {
    if (chance(0.25)) return add(sentence, pron);
    add(sentence, det);
    while (chance(0.35)) add(sentence, adj);
    add(sentence, noun);
    if (depth > 0 && chance(0.3)) {
      add(sentence, prep);
      noun_phrase(sentence, depth - 1);
    }
  }

  static void verb_phrase(Sentence& sentence) {
    add(sentence, verb);
    if (chance(0.7)) noun_phrase(sentence, 1);
    if (chance(0.4)) add(sentence, adv);
  }
};

}  // namespace grammar
