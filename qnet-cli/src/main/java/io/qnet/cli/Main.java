package io.qnet.cli;

/** Starts the program. */
public final class Main {
    private Main() {}

    /**
     * Runs the program.
     *
     * @param args QEMU's network options
     */
    public static void main(String[] args) {
        System.out.println("qnet " + Main.class.getPackage().getImplementationVersion());
    }
}
