#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace biossl {

// A component that is written in Python is registered by the program that uses it. A recipe names it like any other,
// and the comment behind the name says which class it is, so that a program without it can say what to import.

/// The summary of a component that is this class: "… (Python class my_rules.Triplet)".
std::string summary_of_class(std::string_view summary, const std::string& name);
/// The class that such a summary or comment names; "" for none.
std::string class_of_comment(std::string_view comment);
/// The comment behind a key in a recipe's text: comment_of(text, "loss", "kind"). The section's name is as it is
/// written there: data."my set". "" for none.
std::string comment_of(std::string_view recipe, std::string_view section, std::string_view key);
/// The classes that a recipe's comments name and that nobody has registered here, in sections whose names start so.
std::vector<std::string> absent_classes(std::string_view recipe, std::string_view sections = "");

}  // namespace biossl
