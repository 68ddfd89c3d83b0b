// What: how a sentence becomes words.
// Why:  a model must get its words as it got them in training; the settings therefore travel with it.
// See:  corpus.hpp (training), trained_model.hpp (prediction); rowgrad/text/tokenizer.hpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <rowgrad/text/tokenizer.hpp>

using Words = std::vector<std::string>;

struct TokenizerSettings {
  std::string separators = "\"#$%&()*+,-./:;<=>@[\\]^_`{|}~\t\n\r";  // as good as a space
  std::string apart = "!?";                          // characters that are words, for they carry feeling
  std::string endings = "n't 's 'm 'd 're 've 'll";  // are words, too: "don't" is "do" and "n't"
  bool lower = true;
};
inline const TokenizerSettings default_tokenizer;

/// The words of a sentence. By default lower-case, and split as in GloVe's own tokens: "don't" is "do" and "n't",
/// "it's" is "it" and "'s".
inline Words tokenize(std::string_view text, const TokenizerSettings& settings = default_tokenizer) {
  std::string spaced;
  spaced.reserve(text.size() + 8);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("\u2019")) {  // the typographic apostrophe
      spaced += '\'';
      i += 2;
    } else if (settings.apart.find(text[i]) != std::string::npos) {
      spaced += {' ', text[i], ' '};
    } else {
      spaced += text[i];
    }
  }
  Words words;
  for (std::string& word : rowgrad::text::text_to_word_sequence(spaced, settings.separators, settings.lower)) {
    while (word.ends_with('\'')) word.pop_back();  // quotation marks
    while (word.starts_with('\'')) word.erase(0, 1);
    std::string_view ending;
    for (std::string_view rest = settings.endings; !rest.empty();) {
      const std::string_view candidate = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(rest.size(), candidate.size() + 1));
      if (!candidate.empty() && word.ends_with(candidate)) ending = candidate;
    }
    word.resize(word.size() - ending.size());
    if (!word.empty()) words.push_back(std::move(word));
    if (!ending.empty()) words.emplace_back(ending);
  }
  return words;
}

inline std::vector<Words> tokenize_all(const std::vector<std::string>& texts) {
  std::vector<Words> result;
  for (const std::string& text : texts) result.push_back(tokenize(text));
  return result;
}
