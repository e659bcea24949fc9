// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IERC20} from "@openzeppelin/contracts/interfaces/IERC20.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ILicenses, TermsKind} from "./interfaces/ILicenses.sol";
import {Authorization, Permit} from "./interfaces/ISettlement.sol";
import {Orders} from "./Orders.sol";
import {Payouts} from "./Payouts.sol";
import {Permits} from "./Permits.sol";

/// @title The half of Settlement that holds deposits
/// @notice Keeps each license's deposit until it is charged or withdrawn. Withdrawing takes a delay, in which whoever
///         served the payer can still charge what the payer has signed for.
/// @dev Only the payer adds, withdraws or cancels. Always true: `redeemed` never exceeds `deposited`.
abstract contract Escrow is Payouts, Pausable {
    using Permits for Permit;
    using SafeERC20 for IERC20;

    uint64 private constant LEAST_DELAY = 15 minutes;
    uint64 private constant MOST_DELAY = 30 days;

    ILicenses public immutable override licenses;
    uint64 public immutable override withdrawDelay;
    mapping(uint256 licenseId => mapping(uint64 epoch => Channel)) internal _channels;
    mapping(uint256 licenseId => mapping(uint64 epoch => mapping(address signer => uint64)))
        public
        override retiredUntil;

    modifier onlyLicenses() {
        if (msg.sender != address(licenses)) revert OnlyLicenses(msg.sender);
        _;
    }

    constructor(ILicenses licenses_, uint64 withdrawDelay_) {
        if (withdrawDelay_ < LEAST_DELAY || withdrawDelay_ > MOST_DELAY) {
            revert DelayOutOfRange(withdrawDelay_, LEAST_DELAY, MOST_DELAY);
        }
        licenses = licenses_;
        withdrawDelay = withdrawDelay_;
    }

    function open(uint256 licenseId, uint128 amount) public override nonReentrant {
        _open(msg.sender, licenseId, amount);
    }

    function openWithPermit(uint256 licenseId, uint128 amount, Permit calldata permit) external override {
        permit.use(currency, msg.sender, address(this));
        open(licenseId, amount);
    }

    function openWithAuthorization(uint256 licenseId, uint128 amount, Authorization calldata authorization)
        external
        override
        nonReentrant
    {
        address holder = licenses.ownerOf(licenseId);
        uint64 epoch = licenses.getLicense(licenseId).epoch;
        _receive(holder, amount, Orders.open(licenseId, epoch, authorization.salt), authorization);
        _open(holder, licenseId, amount);
    }

    function openFor(address payer, uint256 licenseId, uint128 amount) external override onlyLicenses nonReentrant {
        _open(payer, licenseId, amount);
    }

    function topUp(uint256 licenseId, uint64 epoch, uint128 amount) public override nonReentrant {
        _topUp(_requirePayer(licenseId, epoch), licenseId, epoch, amount);
    }

    function topUpWithPermit(uint256 licenseId, uint64 epoch, uint128 amount, Permit calldata permit)
        external
        override
    {
        permit.use(currency, msg.sender, address(this));
        topUp(licenseId, epoch, amount);
    }

    function topUpWithAuthorization(
        uint256 licenseId,
        uint64 epoch,
        uint128 amount,
        Authorization calldata authorization
    ) external override nonReentrant {
        Channel storage channel = _channels[licenseId][epoch];
        if (channel.payer == address(0)) revert NotPayer(licenseId, epoch, address(0), msg.sender);
        _receive(channel.payer, amount, Orders.topUp(licenseId, epoch, authorization.salt), authorization);
        _topUp(channel, licenseId, epoch, amount);
    }

    function requestWithdraw(uint256 licenseId, uint64 epoch, uint128 amount) external override {
        if (amount == 0) revert ZeroAmount();
        Channel storage channel = _requirePayer(licenseId, epoch);
        uint128 left = channel.deposited - channel.redeemed;
        if (amount > left) revert MoreThanIsLeft(amount, left);
        channel.thawing = amount;
        channel.thawEnd = uint64(block.timestamp) + withdrawDelay;
        emit WithdrawRequested(licenseId, epoch, amount, channel.thawEnd);
    }

    function cancelWithdraw(uint256 licenseId, uint64 epoch) external override {
        Channel storage channel = _requirePayer(licenseId, epoch);
        uint128 amount = _endThaw(channel, licenseId, epoch);
        emit WithdrawCancelled(licenseId, epoch, amount);
    }

    function withdraw(uint256 licenseId, uint64 epoch) external override nonReentrant returns (uint128 amount) {
        Channel storage channel = _requirePayer(licenseId, epoch);
        uint64 thawEnd = channel.thawEnd;
        amount = _endThaw(channel, licenseId, epoch);
        if (block.timestamp < thawEnd) revert StillThawing(thawEnd, uint64(block.timestamp));
        channel.deposited -= amount;
        emit Withdrawn(licenseId, epoch, msg.sender, amount, channel.deposited);
        currency.safeTransfer(msg.sender, amount);
    }

    function changeSigner(uint256 licenseId, uint64 epoch, address signer) external override onlyLicenses {
        Channel storage channel = _channels[licenseId][epoch];
        address previous = channel.signer;
        if (channel.payer == address(0) || previous == signer) return;
        uint64 previousUntil = uint64(block.timestamp) + withdrawDelay;
        retiredUntil[licenseId][epoch][previous] = previousUntil;
        channel.signer = signer;
        emit ChannelSignerChanged(licenseId, epoch, previous, signer, previousUntil);
    }

    function pause() external override restricted {
        _pause();
    }

    function unpause() external override restricted {
        _unpause();
    }

    function getChannel(uint256 licenseId, uint64 epoch) external view override returns (Channel memory channel) {
        channel = _channels[licenseId][epoch];
        channel.thawing = _thawing(_channels[licenseId][epoch]);
    }

    function openNonce(uint256 licenseId, uint64 epoch, bytes32 salt) external pure override returns (bytes32) {
        return Orders.open(licenseId, epoch, salt);
    }

    function topUpNonce(uint256 licenseId, uint64 epoch, bytes32 salt) external pure override returns (bytes32) {
        return Orders.topUp(licenseId, epoch, salt);
    }

    function _topUp(Channel storage channel, uint256 licenseId, uint64 epoch, uint128 amount) private whenNotPaused {
        if (amount == 0) revert ZeroAmount();
        // What was charged while it thawed is gone from the thawing part: the new money does not thaw in its place.
        channel.thawing = _thawing(channel);
        channel.deposited += amount;
        emit ToppedUp(licenseId, epoch, amount, channel.deposited, channel.thawing);
        _pull(channel.payer, amount);
    }

    function _open(address payer, uint256 licenseId, uint128 amount) private whenNotPaused {
        if (amount == 0) revert ZeroAmount();
        address holder = licenses.ownerOf(licenseId);
        if (payer != holder) revert NotHolder(licenseId, holder, payer);
        ILicenses.Terms memory terms = licenses.licenseTerms(licenseId);
        if (terms.kind != TermsKind.METERED) revert NotMetered(licenseId);
        ILicenses.License memory license = licenses.getLicense(licenseId);
        if (license.voucherSigner == address(0)) revert NoSigner(licenseId);

        Channel storage channel = _channels[licenseId][license.epoch];
        if (channel.payer != address(0)) revert ChannelIsOpen(licenseId, license.epoch);
        channel.deposited = amount;
        channel.signer = license.voucherSigner;
        channel.series = terms.series;
        channel.payer = payer;
        emit ChannelOpened(licenseId, license.epoch, payer, license.voucherSigner, terms.series, amount);
        _pull(payer, amount);
    }

    function _endThaw(Channel storage channel, uint256 licenseId, uint64 epoch) private returns (uint128 amount) {
        if (channel.thawEnd == 0) revert NothingThawing(licenseId, epoch);
        amount = _thawing(channel);
        channel.thawing = 0;
        channel.thawEnd = 0;
    }

    /// @dev The thawing part is charged last, and never more than what is left.
    function _thawing(Channel storage channel) private view returns (uint128) {
        uint128 left = channel.deposited - channel.redeemed;
        return channel.thawing < left ? channel.thawing : left;
    }

    function _requirePayer(uint256 licenseId, uint64 epoch) private view returns (Channel storage channel) {
        channel = _channels[licenseId][epoch];
        if (msg.sender != channel.payer) revert NotPayer(licenseId, epoch, channel.payer, msg.sender);
    }
}
