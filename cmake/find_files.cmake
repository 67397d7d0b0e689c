# Lists the files of a folder, and below it, that match a pattern. Names that begin with a dot belong to other systems
# and to editors ("._loss.cc" of macOS, ".#loss.cc" of Emacs) and are passed over, with the folders that are called so.
function(biossl_find_files variable folder pattern)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE ${folder} ${folder}/${pattern})
  list(FILTER files EXCLUDE REGEX "(^|/)\\.")
  list(TRANSFORM files PREPEND ${folder}/)
  set(${variable} ${files} PARENT_SCOPE)
endfunction()
