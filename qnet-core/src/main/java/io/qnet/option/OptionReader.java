package io.qnet.option;

import java.util.List;

/** The options of one item in one of the three forms, each taken once; refusals are {@link OptionException}s in the form's own words. */
interface OptionReader {
    /** Takes a text that must be there. */
    String requiredText(String name);

    /** Takes the options that a schema knows. */
    OptionValues read(OptionSchema schema);

    /** Refuses what was not taken. */
    void finish();

    /** What was accepted with a warning while reading. */
    List<OptionWarning> warnings();
}
