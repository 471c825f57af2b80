package main

// faults are the scenarios in which something goes wrong, in the order in which they are told.
var faults = []scenario{}
